import type { Bytes } from '@kit/core'
import { cidOf } from '../cid/cid.ts'
import { encodeUnixFs, type UnixFsTime } from './node.ts'
import type { ProfileRules } from './profiles.ts'

/** A node that its parent will link to. */
export interface Child {
  readonly cid: string
  /** Bytes of the file below it. */
  readonly fileSize: number
  /** Bytes of its block and of all blocks below. */
  readonly dagSize: number
}

/** What stands in the root of a file besides its bytes. */
export interface RootAttributes {
  readonly mode?: number | undefined
  readonly modified?: UnixFsTime | undefined
}

/** A tree that grows from its leaves. */
export interface BalancedTree {
  add(child: Child): Promise<void> | void
  /** The root over all that was added: at least one. */
  finish(attributes: RootAttributes): Promise<Child>
}

/**
 * The balanced layout: all leaves equally deep, every node but the last of each level full. A level is written when it is full, so that
 * no more than `maxLinks` children of each level are held.
 */
export function balancedTree(
  { version, maxLinks }: ProfileRules,
  put: (cid: string, bytes: Bytes) => Promise<void> | void,
): BalancedTree {
  const levels: Child[][] = []

  const close = async (children: readonly Child[], attributes?: RootAttributes): Promise<Child> => {
    const fileSize = children.reduce((sum, child) => sum + child.fileSize, 0)
    const bytes = encodeUnixFs({
      type: 'file',
      links: children.map(({ cid, dagSize }) => ({ name: '', cid, size: dagSize })),
      fileSize,
      blockSizes: children.map((child) => child.fileSize),
      ...attributes,
    })
    const cid = cidOf('dag-pb', bytes, { version })
    await put(cid, bytes)
    return { cid, fileSize, dagSize: children.reduce((sum, { dagSize }) => sum + dagSize, bytes.byteLength) }
  }
  const addAt = async (level: number, child: Child): Promise<void> => {
    const children = (levels[level] ??= [])
    if (children.length === maxLinks) {
      levels[level] = [child]
      await addAt(level + 1, await close(children))
    } else children.push(child)
  }
  return {
    add(child) {
      const leaves = (levels[0] ??= [])
      if (leaves.length === maxLinks) return addAt(0, child)
      leaves.push(child)
    },
    async finish(attributes) {
      for (let level = 0; ; level++) {
        const children = levels[level] ?? []
        const [only] = children
        const top = level === levels.length - 1
        // Only leaves are ever alone at the top: a level is begun with what the one below has too many of.
        if (top && only !== undefined && children.length === 1) return only
        if (top) return await close(children, attributes)
        await addAt(level + 1, await close(children))
      }
    },
  }
}
