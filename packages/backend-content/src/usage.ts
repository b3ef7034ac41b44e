import { statfs } from 'node:fs/promises'
import type { Usage } from '@kit/core'
import type { Packs } from './packs.ts'

/** What the segments take on the disk, dead blocks and all, and what the filesystem has left. */
export async function usage(packs: Packs, folder: string): Promise<Usage> {
  let usedBytes = 0
  for (const { bytes } of packs.log.segments()) usedBytes += bytes
  const { bsize, blocks, bavail } = await statfs(folder)
  return { usedBytes, totalBytes: blocks * bsize, freeBytes: bavail * bsize }
}
