import type { AnyPlugin, OptionSpec } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { standardLayers } from '../store/layer-settings.ts'
import { parseBytes, parseDuration } from '../units.ts'

/** Keys that core itself reads of every store. */
export const reservedOptions = ['type', 'over', 'layers', 'policies', 'onUnsupported'] as const

/** One thing wrong with a store's options. `path` leads to it, for line numbers. */
export interface OptionProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Everything that is wrong with the options, and the options as `open` gets them: canonical names, defaults, numbers. */
export function checkOptions(
  plugin: AnyPlugin,
  options: Readonly<Record<string, unknown>>,
): { readonly checked: Record<string, unknown>; readonly problems: readonly OptionProblem[] } {
  const table: Readonly<Record<string, OptionSpec>> = plugin.options
  const checked: Record<string, unknown> = {}
  const problems: OptionProblem[] = []
  const canonical = new Map<string, string>()
  for (const [name, spec] of Object.entries(table)) {
    for (const spelling of [name, ...(spec.aliases ?? [])]) canonical.set(spelling, name)
  }
  problems.push(...commonProblems(plugin, options))
  for (const [given, value] of Object.entries(options)) {
    if (value === undefined) continue
    const name = canonical.get(given)
    if (name === undefined) {
      if (!(reservedOptions as readonly string[]).includes(given))
        problems.push(unknownOption(plugin, given, canonical))
    } else if (name in checked) {
      problems.push({ path: [given], message: `${given} and ${name} are the same option; give one` })
    } else {
      const spec = table[name]
      if (spec === undefined) continue
      try {
        checked[name] = checkValue(spec, value)
      } catch (error) {
        problems.push({ path: [given], message: plainMessage(error) })
      }
    }
  }
  for (const [name, spec] of Object.entries(table)) {
    if (name in checked) continue
    if (spec.default !== undefined) checked[name] = checkValue(spec, spec.default)
    else if (spec.required === true) problems.push({ path: [name], message: `${name} is missing: ${spec.description}` })
  }
  return { checked, problems }
}

/** The options as `open` gets them. @throws InvalidConfig naming everything that is wrong. */
export function requireOptions(plugin: AnyPlugin, options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { checked, problems } = checkOptions(plugin, options)
  if (problems.length > 0) {
    const list = problems.map((problem) => problem.message).join('; ')
    throw storageError('InvalidConfig', `options of type ${plugin.type}: ${list}`)
  }
  return checked
}

/** What is wrong with the settings that every store may have. */
function commonProblems(plugin: AnyPlugin, options: Readonly<Record<string, unknown>>): OptionProblem[] {
  const problems: OptionProblem[] = []
  const { over, layers } = options
  if (over !== undefined && plugin.options['over'] === undefined) {
    problems.push({ path: ['over'], message: `${plugin.type} wraps no other store, so it takes no \`over\`` })
  }
  if (layers === undefined) return problems
  try {
    if (typeof layers !== 'object' || layers === null) throw wrong(layers, 'a map of layers')
    standardLayers(layers, plugin.capabilities)
  } catch (error) {
    problems.push({ path: ['layers'], message: plainMessage(error) })
  }
  return problems
}

/** The message without the code, which goes before the whole list. */
function plainMessage(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/^InvalidConfig: /, '')
}

function unknownOption(plugin: AnyPlugin, given: string, canonical: ReadonlyMap<string, string>): OptionProblem {
  const close = [...canonical.keys()].find((name) => distance(name.toLowerCase(), given.toLowerCase()) <= 2)
  const hint = close === undefined ? `it has ${[...new Set(canonical.values())].join(', ')}` : `did you mean ${close}?`
  return { path: [given], message: `${plugin.type} has no option ${given}; ${hint}` }
}

function checkValue(spec: OptionSpec, value: unknown): unknown {
  switch (spec.type) {
    case 'number':
      return checkMinimum(spec, expectType<number>(value, 'number'))
    case 'bytes':
      return checkMinimum(spec, parseBytes(expectText(value)))
    case 'duration':
      return checkMinimum(spec, parseDuration(expectText(value)))
    case 'boolean':
      return expectType(value, 'boolean')
    case 'list':
      if (!Array.isArray(value)) throw wrong(value, 'a list')
      return value
    case 'map':
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(value, 'a map')
      return spec.fields === undefined ? value : checkFields(spec.fields, value)
    case 'store':
    case 'stores':
      return value
    case 'string': {
      if (spec.secret === true && typeof value === 'function') return value
      const text = expectType<string>(value, 'string', spec.secret)
      if (spec.values !== undefined && !spec.values.includes(text))
        throw wrong(value, `one of ${spec.values.join(', ')}`)
      return text
    }
  }
}

function checkFields(fields: Readonly<Record<string, OptionSpec>>, value: object): Record<string, unknown> {
  const checked: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(value)) {
    const spec = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (spec === undefined)
      throw storageError('InvalidConfig', `there is no ${name} in it; there is ${Object.keys(fields).join(', ')}`)
    checked[name] = checkValue(spec, inner)
  }
  for (const [name, spec] of Object.entries(fields)) {
    if (name in checked) continue
    if (spec.default !== undefined) checked[name] = checkValue(spec, spec.default)
    else if (spec.required === true) throw storageError('InvalidConfig', `${name} is missing: ${spec.description}`)
  }
  return checked
}

function expectText(value: unknown): string | number {
  if (typeof value === 'string' || typeof value === 'number') return value
  throw wrong(value, 'a number or a text with a unit')
}

function expectType<Value>(value: unknown, type: 'string' | 'number' | 'boolean', secret?: boolean): Value {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- typeof has just said so
  if (typeof value === type) return value as Value
  throw secret === true ? storageError('InvalidConfig', `a secret is a ${type}`) : wrong(value, `a ${type}`)
}

function checkMinimum(spec: OptionSpec, value: number): number {
  if (!Number.isFinite(value) || (spec.minimum !== undefined && value < spec.minimum)) {
    throw wrong(value, `a number of at least ${spec.minimum ?? 'minus infinity'}`)
  }
  return value
}

function wrong(value: unknown, wanted: string): Error {
  const text = typeof value === 'function' ? 'a function' : JSON.stringify(value)
  return storageError('InvalidConfig', `${text} is not ${wanted}`)
}

/** Edits between two words (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
