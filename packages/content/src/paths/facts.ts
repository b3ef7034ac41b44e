import { type Bytes, type Entry, errorCode, type Etag } from '@kit/core'
import { codecs, parseCid } from '../cid/index.ts'
import type { Child } from '../directories/index.ts'
import { decodeDirectory, type DirectoryNode } from '../directories/directory-node.ts'
import type { NodeCache } from '../directories/nodes.ts'
import { entryOf } from '../reader/entry-of.ts'
import { dateOf } from '../unixfs/time.ts'
import { type BlockCall, type BlockReader, verified } from '../verify/index.ts'
import { recent } from './recent.ts'

const keptInMemory = 20_000

/** The state of content is its name. */
export function etagOf(cid: string): Etag {
  return `"${cid}"`
}

/** What is known of a thing without its name. */
export type Facts = Omit<Entry, 'key'>

/** Says of children what they are: the kind, size and attributes that their first block tells. */
export interface FactsOf {
  of(child: Child, call: BlockCall): Promise<Facts>
  /** Of what was just made. */
  remember(cid: string, facts: Facts): void
  /** Of a block at hand. */
  rememberBlock(cid: string, block: Bytes): void
}

/** A raw block with a size in its link is not fetched: the directories are the tree's own. */
export function factsOf(reader: BlockReader, nodes: NodeCache): FactsOf {
  const blocks = verified(reader)
  const known = recent<Facts>(keptInMemory)
  return {
    remember: (cid, facts) => known.set(cid, facts),
    rememberBlock: (cid, block) => known.set(cid, factsOfBlock(cid, block, nodes)),
    async of({ cid, size }, call) {
      const found = known.get(cid)
      if (found !== undefined) return found
      if (size !== undefined && parseCid(cid).codec === codecs.raw)
        return { kind: 'file', cid, etag: etagOf(cid), size }
      const node = nodes.get(cid)
      const facts =
        node === undefined ? factsOfBlock(cid, await blocks.get(cid, call), nodes) : directoryFacts(cid, node)
      known.set(cid, facts)
      return facts
    },
  }
}

function directoryFacts(cid: string, node: DirectoryNode): Facts {
  const { mode } = node
  const modified = node.modified && dateOf(node.modified)
  return {
    kind: 'directory',
    cid,
    etag: etagOf(cid),
    ...(mode === undefined ? {} : { mode }),
    ...(modified === undefined ? {} : { modified }),
  }
}

function factsOfBlock(cid: string, block: Bytes, nodes: NodeCache): Facts {
  if (parseCid(cid).codec === codecs['dag-pb']) {
    try {
      const node = decodeDirectory(block)
      nodes.set(cid, node)
      return directoryFacts(cid, node)
    } catch (error) {
      if (errorCode(error) !== 'NotDirectory') throw error
    }
  }
  const { key: _, ...facts } = entryOf('', cid, block).entry
  return facts
}
