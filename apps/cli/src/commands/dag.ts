import { cidOf, contentOf, decodeNode, encodeNode } from '@kit/content'
import { storageError, type Bytes, type Operation } from '@kit/core'
import { blockReader } from '../content/block-reader.ts'
import { contentPlace } from '../content/content-place.ts'
import { readWhole } from '../content/read-whole.ts'
import { withHint, type CommandResult } from '../outcome.ts'
import type { Session } from '../session.ts'

export interface DagGetOptions {
  readonly store?: string
  readonly outputCodec?: string
}

export interface DagPutOptions {
  readonly store?: string
  readonly inputCodec?: string
  readonly storeCodec?: string
  readonly pin?: boolean
  readonly name?: string
}

type NodeCodec = 'dag-json' | 'dag-cbor' | 'dag-pb' | 'raw'

/** Writes a node, or what a path leads to in it, to standard output. */
export async function dagGet(session: Session, target: string, options: DagGetOptions): Promise<CommandResult> {
  const { output, call, signal } = session
  const { store, path } = await contentPlace(session, target, { store: options.store, needs: ['blocks'] })
  const reader = blockReader(store, call)
  const { cid, rest } = await contentOf(reader).resolve(path, { signal })
  const value = valueAt(decodeNode(cid, await reader.get(cid, { signal })), rest, path)
  if (options.outputCodec === 'dag-cbor') {
    if (output.json) throw storageError('InvalidConfig', '--json is with --output-codec dag-json')
    await output.write(encodeNode('dag-cbor', value).bytes)
    return { fields: { cid } }
  }
  if (output.json && hasLargeIntegers(value)) {
    const error = storageError('Unsupported', 'the node has integers beyond 2^53, which would not come through', {
      key: path,
    })
    throw withHint(error, 'Leave out --json: the node itself is JSON.')
  }
  const json = new TextDecoder().decode(encodeNode('dag-json', value).bytes)
  if (!output.json) await output.write(`${json}\n`)
  return { fields: { cid, value: JSON.parse(json) as unknown } }
}

/** Puts a node and tells its CID. */
export async function dagPut(
  session: Session,
  file: string | undefined,
  options: DagPutOptions,
): Promise<CommandResult> {
  const { output, call } = session
  const pin = options.pin === true
  if (options.name !== undefined && !pin)
    throw storageError('InvalidConfig', '--name is of the pin: it goes with --pin')
  const needs: Operation[] = ['blocks', 'write', ...(pin ? (['pins'] as const) : [])]
  const { store } = await session.configured(options.store, needs)
  const from = codecOf(options.inputCodec, 'dag-json')
  const given = await readWhole(session, file)
  const { cid, bytes } = encodeNode(codecOf(options.storeCodec, 'dag-cbor'), decodeInput(from, given))
  await store.blocks.put(cid, bytes, call)
  if (pin) await store.pins.add(cid, { mode: 'recursive', name: options.name }, call)
  if (!output.json) await output.write(`${cid}\n`)
  return { fields: { cid, size: bytes.byteLength } }
}

function decodeInput(codec: NodeCodec, bytes: Bytes): unknown {
  return decodeNode(cidOf(codec, bytes), bytes)
}

function codecOf(text: string | undefined, usual: NodeCodec): NodeCodec {
  return text === 'dag-json' || text === 'dag-cbor' || text === 'dag-pb' || text === 'raw' ? text : usual
}

/** What the steps lead to inside of one node. @throws NotFound */
function valueAt(node: unknown, steps: readonly string[], path: string): unknown {
  let value = node
  for (const step of steps) {
    const inner: unknown =
      typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && Object.hasOwn(value, step)
        ? Reflect.get(value, step)
        : undefined
    if (inner === undefined) throw storageError('NotFound', `the node has no ${JSON.stringify(step)}`, { key: path })
    value = inner
  }
  return value
}

function hasLargeIntegers(value: unknown): boolean {
  if (typeof value === 'bigint') return true
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false
  return Object.values(value).some(hasLargeIntegers)
}
