import { cidOf, codecName, linksOf, parseCid } from '@kit/content'
import type { Bytes, Operation } from '@kit/core'
import { blockReader } from '../content/block-reader.ts'
import { cidAt, contentPlace, type ContentPlace } from '../content/content-place.ts'
import { readWhole } from '../content/read-whole.ts'
import type { CommandResult } from '../outcome.ts'
import type { Session } from '../session.ts'

export interface BlockWords {
  readonly store?: string
}

export interface BlockPutOptions extends BlockWords {
  readonly codec?: string
}

const needs: readonly Operation[] = ['blocks']

/** Writes the bytes of one block, checked against its CID, to standard output. */
export async function blockGet(session: Session, target: string, options: BlockWords): Promise<CommandResult> {
  const { cid, bytes } = await blockAt(session, await contentPlace(session, target, { ...options, needs }))
  await session.output.write(bytes)
  return { fields: { cid, size: bytes.byteLength }, aside: true }
}

/** Tells the size, codec and links of one block. */
export async function blockStat(session: Session, target: string, options: BlockWords): Promise<CommandResult> {
  const { output } = session
  const { cid, bytes } = await blockAt(session, await contentPlace(session, target, { ...options, needs }))
  const { codec: code, version } = parseCid(cid)
  const codec = codecName(code) ?? `0x${code.toString(16)}`
  const links = codecName(code) === undefined ? undefined : linksOf(cid, bytes).length
  const fields = { cid, version, codec, size: bytes.byteLength, links }
  if (!output.json) {
    const lines = Object.entries(fields).filter(([, value]) => value !== undefined)
    await output.write(lines.map(([name, value]) => `${name.padEnd(7)}  ${value}\n`).join(''))
  }
  return { fields }
}

/** Puts bytes as one block and tells its CID. @throws Corrupt for bytes that are none of the codec */
export async function blockPut(
  session: Session,
  file: string | undefined,
  { codec = 'raw', ...options }: BlockPutOptions,
): Promise<CommandResult> {
  const { output, call } = session
  const { store } = await session.configured(options.store, [...needs, 'write'])
  const bytes = await readWhole(session, file)
  const name = codec === 'dag-pb' || codec === 'dag-cbor' || codec === 'dag-json' ? codec : 'raw'
  const cid = cidOf(name, bytes)
  linksOf(cid, bytes)
  await store.blocks.put(cid, bytes, call)
  if (!output.json) await output.write(`${cid}\n`)
  return { fields: { cid, size: bytes.byteLength } }
}

async function blockAt(
  session: Session,
  place: ContentPlace,
): Promise<{ readonly cid: string; readonly bytes: Bytes }> {
  const cid = await cidAt(session, place)
  return { cid, bytes: await blockReader(place.store, session.call).get(cid, { signal: session.signal }) }
}
