import {
  type Backend,
  bytesSource,
  collect,
  type Context,
  errorCode,
  keyName,
  parseKey,
  type Pin,
  type PinFilter,
  type PinOptions,
  type Pins,
  storageError,
} from '@kit/core'
import { codecs, parseCid } from '../cid/index.ts'
import { linksOf } from '../codecs/index.ts'
import type { BlockReader } from '../verify/index.ts'
import { pinKey, pinsPrefix } from './layout.ts'

const version = 1
const pinMaxBytes = 1 << 20
/** Blocks that one recursive pin looks at. */
const blocksMax = 10_000_000

/** What tells whether a block is there without reading it. */
export interface Census {
  readonly reader: BlockReader
  has(context: Context, cid: string): Promise<boolean>
}

/** Pins as objects, each a small JSON text. `census` makes one for each call. */
export function pinsInStore(store: Backend, census: () => Census): Pins {
  async function get(context: Context, cid: string): Promise<Pin> {
    const { text } = parseCid(cid)
    const { body } = await store.read(context, pinKey(text), {})
    return decodePin(text, await collect(body, pinMaxBytes))
  }

  return {
    get,
    async add(context, cid, options) {
      const { text } = parseCid(cid)
      if (options.copies !== undefined) throw storageError('Unsupported', 'one store keeps one copy')
      const { mode = 'recursive' } = options
      await requireAll(census(), context, text, mode)
      const pin = madePin(text, { ...options, mode })
      const { name, metadata } = pin
      const bytes = new TextEncoder().encode(JSON.stringify({ version, mode, name, metadata }))
      if (store.write === undefined) throw storageError('ReadOnly', 'the store takes no pins')
      await store.write(context, pinKey(text), bytesSource(bytes), {})
      return pin
    },
    async remove(context, cid) {
      await get(context, cid)
      if (store.delete === undefined) throw storageError('ReadOnly', 'the store gives up no pins')
      await store.delete(context, pinKey(parseCid(cid).text), {})
    },
    async *list(context, { name, mode, cursor, limit }: PinFilter) {
      if (mode === 'indirect') throw storageError('Unsupported', 'which blocks are pinned indirectly is not kept')
      for await (const page of store.list?.(context, pinsPrefix, { cursor, limit }) ?? []) {
        const all = await Promise.all(
          page.entries.map(({ key }) =>
            get(context, keyName(parseKey(key))).catch((error: unknown) => {
              // Removed since.
              if (errorCode(error) !== 'NotFound') throw error
            }),
          ),
        )
        const pins = all.filter((pin) => pin !== undefined)
        const wanted = pins.filter((pin) => (name ?? pin.name) === pin.name && (mode ?? pin.mode) === pin.mode)
        yield { pins: wanted, cursor: page.cursor }
      }
    },
  }
}

function madePin(cid: string, { name, mode = 'recursive', metadata }: PinOptions): Pin {
  const pin: Pin = { cid, mode, status: 'pinned' }
  return { ...pin, ...(name === undefined ? {} : { name }), ...(metadata === undefined ? {} : { metadata }) }
}

function decodePin(cid: string, bytes: Uint8Array): Pin {
  const broken = (cause?: unknown): Error => storageError('Corrupt', `the pin of ${cid} cannot be read`, { cause })
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch (error) {
    throw broken(error)
  }
  if (typeof value !== 'object' || value === null) throw broken()
  const { version: found, mode, name, metadata }: Record<string, unknown> = { ...value }
  if (found !== version) throw storageError('Unsupported', `the pin of ${cid} is of another format than ${version}`)
  if ((mode !== 'recursive' && mode !== 'direct') || (name !== undefined && typeof name !== 'string')) throw broken()
  const known = metadata === undefined ? undefined : textsOf(metadata)
  if (metadata !== undefined && known === undefined) throw broken()
  return madePin(cid, { mode, name, metadata: known })
}

function textsOf(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const texts: Record<string, string> = {}
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') return undefined
    texts[name] = text
  }
  return texts
}

/** @throws NotFound where a block is missing of what is to be pinned. The bytes of raw blocks are not read. */
async function requireAll({ reader, has }: Census, context: Context, root: string, mode: Pin['mode']): Promise<void> {
  const seen = new Set([root])
  for (const cid of seen) {
    if (seen.size > blocksMax) throw storageError('TooLarge', `the pin would be of more than ${blocksMax} blocks`)
    if (mode === 'direct' || parseCid(cid).codec === codecs.raw) {
      if (!(await has(context, cid))) throw storageError('NotFound', `the block ${cid} is not there`)
      if (mode === 'direct') return
      continue
    }
    for (const child of linksOf(cid, await reader.get(cid, context))) seen.add(child)
  }
}
