import type { JsonSchema } from '@kit/core'

/** One option of a type, as its manifest tells it. */
export interface SchemaOption {
  readonly name: string
  /** For people: `string`, `secret`, `duration`, `a|b`. */
  readonly kind: string
  readonly description: string
  readonly required: boolean
  readonly default?: unknown
}

/** What every store has, and no type of its own. */
const common = ['type', 'layers', 'policies', 'onUnsupported']

/** The options of a type; other spellings and what every store has are left out. */
export function schemaOptions({ properties, required }: JsonSchema): readonly SchemaOption[] {
  const needed: readonly unknown[] = Array.isArray(required) ? required : []
  return Object.entries(isRecord(properties) ? properties : {}).flatMap(([name, spec]) => {
    if (common.includes(name) || !isRecord(spec) || spec['deprecated'] === true) return []
    const { description, default: fallback } = spec
    return [
      {
        name,
        kind: kindOf(spec),
        description: typeof description === 'string' ? description : '',
        required: needed.includes(name),
        ...(fallback === undefined ? {} : { default: fallback }),
      },
    ]
  })
}

function kindOf(spec: Readonly<Record<string, unknown>>): string {
  const { type, enum: values, pattern, writeOnly } = spec
  if (writeOnly === true) return 'secret'
  if (Array.isArray(values)) return values.join('|')
  if ('$ref' in spec || 'anyOf' in spec) return 'store'
  if (Array.isArray(type)) return typeof pattern === 'string' && pattern.includes('ms') ? 'duration' : 'size'
  return typeof type === 'string' ? type : 'any'
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
