import { importer } from 'ipfs-unixfs-importer'
import { exporter } from 'ipfs-unixfs-exporter'
import { CID } from 'multiformats/cid'
import type { Profile } from '../../src/index.ts'
import type { MemoryBlocks } from './memory-blocks.ts'

/** The blocks as the JavaScript implementation of IPFS takes them. */
function blockstore({ blocks }: Pick<MemoryBlocks, 'blocks'>) {
  return {
    async put(cid: CID, bytes: Uint8Array | AsyncIterable<Uint8Array>) {
      if (!(bytes instanceof Uint8Array)) throw new Error('the oracle puts whole blocks')
      blocks.set(cid.toString(), new Uint8Array(bytes))
      return cid
    },
    async *get(cid: CID) {
      const bytes = blocks.get(cid.toString())
      if (bytes === undefined) throw new Error(`no block ${cid.toString()}`)
      yield bytes
    },
  }
}

/** The CID of a directory of files that each hold their text, made by ipfs-unixfs-importer. */
export async function oracleDirectory(
  files: ReadonlyMap<string, string>,
  profile: Profile,
  to: Pick<MemoryBlocks, 'blocks'>,
): Promise<string> {
  const source = [...files].map(([name, text]) => ({ path: `dir/${name}`, content: new TextEncoder().encode(text) }))
  let last: CID | undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the two methods are all that the importer calls
  const store = blockstore(to) as unknown as Parameters<typeof importer>[1]
  for await (const { cid, path } of importer(source, store, { profile, wrapWithDirectory: false })) {
    if (path === 'dir') last = cid
  }
  if (last === undefined) throw new Error('the oracle made no directory')
  return last.toString()
}

/** Names and CIDs of a directory, read by ipfs-unixfs-exporter. */
export async function oracleEntries(cid: string, from: Pick<MemoryBlocks, 'blocks'>): Promise<Map<string, string>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the two methods are all that the exporter calls
  const store = blockstore(from) as unknown as Parameters<typeof exporter>[1]
  const found = await exporter(CID.parse(cid), store)
  if (found.type !== 'directory') throw new Error(`the oracle found a ${found.type}`)
  const entries = new Map<string, string>()
  for await (const entry of found.entries()) entries.set(entry.name, entry.cid.toString())
  return entries
}
