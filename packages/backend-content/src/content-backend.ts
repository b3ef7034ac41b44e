import { stat } from 'node:fs/promises'
import type { BlockCall, Paths, Profile, Retention } from '@kit/content'
import { fromErrno, storageError, untilAborted, type Backend } from '@kit/core'
import type { Durable, LogFiles } from '@kit/core/log'
import { blocksGroup, readingBlocks } from './blocks.ts'
import { capabilitiesFor } from './capabilities.ts'
import { contentGroup, readingContent } from './content.ts'
import { noLeases } from './leases.ts'
import { openPacks } from './open-packs.ts'
import type { Packs } from './packs.ts'
import { pinsOf } from './pins.ts'
import { headRef } from './refs.ts'
import { holdingHistory, treeOf } from './tree.ts'
import { usage } from './usage.ts'

export interface ContentBackendOptions {
  /** An absolute path. */
  readonly path: string
  readonly create: boolean
  readonly durable: Durable
  readonly readOnly: boolean
  readonly profile: Profile
  readonly keep: Retention
  /** For tests. */
  readonly segmentBytes?: number | undefined
  readonly files?: LogFiles | undefined
}

/** With the history of the tree, which no operation of the contract shows. */
export type ContentBackend = Backend & Pick<Paths, 'head' | 'history' | 'diff' | 'restore'>

/** Nothing touches the disk before the first call. */
export function contentBackend(options: ContentBackendOptions): ContentBackend {
  const { path, create, durable, readOnly, keep } = options
  const leases = noLeases()
  let opening: Promise<Packs> | undefined
  let closed = false

  async function openNow(): Promise<Packs> {
    if (!create) {
      await stat(path).catch((error: unknown) => {
        throw fromErrno(error, { operation: 'open', key: path })
      })
    }
    return openPacks({ ...options, folder: path, leases })
  }

  async function open(): Promise<Packs> {
    if (closed) throw storageError('Aborted', 'the store is closed')
    opening ??= openNow().catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }

  /** A block that is missing is looked for in what another process has written since by whoever misses it. */
  const opened = ({ signal }: BlockCall): Promise<Packs> => untilAborted(signal, open())

  /** With what another process has written by now, where this one only reads. */
  async function current(call: BlockCall): Promise<Packs> {
    const packs = await opened(call)
    if (readOnly) await packs.refresh()
    return packs
  }

  const tree = holdingHistory(treeOf({ opened, current }, leases, options), async (call) =>
    leases.begin((await opened(call)).state.refs.get(headRef)),
  )
  return {
    ...tree,
    capabilities: capabilitiesFor(durable, readOnly),
    blocks: readOnly ? readingBlocks(opened) : blocksGroup(opened, keep),
    content: readOnly ? readingContent(opened) : contentGroup(opened),
    pins: pinsOf(current),
    usage: async (context) => usage(await current(context), path),
    async ping(context) {
      await opened(context)
    },
    async close() {
      if (closed) return
      closed = true
      await tree.close?.()
      const packs = await opening?.catch(() => undefined)
      await packs?.close()
    },
  }
}
