/* oxlint-disable typescript/no-unsafe-type-assertion -- operations are found by name here, which types cannot follow */
import type { Backend, Capabilities, How } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import type { AnyCall, AnyStream, Layer, LayerHooks, LayerTarget } from './layer.ts'

const streams = new Set([
  'list',
  'deleteMany',
  'versions',
  'changes',
  'search',
  'upload.list',
  'content.list',
  'pins.list',
  'blocks.collect',
])
const flat = (
  'stat read write list delete deleteMany batch copy move append update url ' +
  'versions changes search usage ping open'
).split(' ')
const groups = {
  upload: ['start', 'part', 'parts', 'finish', 'abort', 'list'],
  directories: ['make', 'remove'],
  links: ['make'],
  blocks: ['get', 'has', 'put', 'putMany', 'collect'],
  content: ['put', 'read', 'stat', 'list', 'car', 'importCar'],
  pins: ['add', 'remove', 'get', 'list'],
  ipns: ['publish', 'resolve'],
} as const

type Anything = Record<string, unknown>

/** The backend with the layers around it, the first one outermost. Every operation is folded into one function here. */
export function applyLayers(backend: Backend, layers: readonly Layer[], target: LayerTarget): Backend {
  if (layers.length === 0) return backend
  let capabilities = backend.capabilities
  const hooks: LayerHooks[] = []
  for (const layer of layers.toReversed()) {
    const attached = layer.attach({ ...target, capabilities })
    if (attached.capabilities !== undefined) {
      requireNothingNew(layer.name, capabilities, attached.capabilities)
      capabilities = attached.capabilities
    }
    hooks.push(attached)
  }
  const source = backend as unknown as Anything
  const made: Anything = { capabilities }
  for (const name of flat) if (source[name] !== undefined) made[name] = fold(name, source, name, hooks)
  for (const [group, members] of Object.entries(groups)) {
    const inner = source[group] as Anything | undefined
    if (inner === undefined) continue
    const folded: Anything = {}
    for (const member of members) {
      if (inner[member] !== undefined) folded[member] = fold(`${group}.${member}`, inner, member, hooks)
    }
    made[group] = folded
  }
  made['close'] = async () => {
    for (const hook of hooks) hook.close?.()
    await backend.close?.()
  }
  return made as unknown as Backend
}

function fold(operation: string, owner: Anything, member: string, hooks: readonly LayerHooks[]): unknown {
  const method = owner[member] as AnyCall
  let at: unknown = ((context, first, second, third) =>
    method.call(owner, context, first, second, third)) satisfies AnyCall
  for (const hook of hooks) {
    if ((operation === 'read' || operation === 'content.read') && hook.body !== undefined)
      at = withBody(operation, at, hook.body)
    const around = hook.around?.[operation as 'stat'] as ((next: unknown) => unknown) | undefined
    if (around !== undefined) at = around(at)
    else if (streams.has(operation)) at = hook.pages?.(operation as 'list', at as AnyStream) ?? at
    else at = hook.call?.(operation as 'stat', at as AnyCall) ?? at
  }
  return at
}

function withBody(operation: 'read' | 'content.read', next: unknown, body: NonNullable<LayerHooks['body']>): unknown {
  const read = next as Backend['read']
  const folded: Backend['read'] = async (context, key, options) =>
    body(operation, context, await read(context, key, options))
  return folded
}

/** @throws InvalidConfig where a layer declares what was not there below it. */
function requireNothingNew(layer: string, below: Capabilities, now: Capabilities): void {
  for (const path of nativePaths(now)) {
    if (!nativePaths(below).includes(path)) {
      throw storageError('InvalidConfig', `the layer ${layer} claims ${path} to be native, which is not so below it`)
    }
  }
}

function nativePaths(value: unknown, path: string = ''): string[] {
  if (value === ('native' satisfies How)) return [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => nativePaths(inner, path === '' ? name : `${path}.${name}`))
}
