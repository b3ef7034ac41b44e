import { throwIfAborted, type Context, type Usage } from '@kit/core'
import { lstat, statFilesystem } from './fs-client.ts'
import type { Site } from './site.ts'

/** Of the filesystem that the root is on: what other programs use counts too, so there is no `usedBytes`. */
export async function usage({ root }: Site, { signal }: Context): Promise<Usage> {
  throwIfAborted(signal)
  const { bsize, blocks, bavail } = await statFilesystem(root)
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
}

export async function ping({ root }: Site, { signal }: Context): Promise<void> {
  throwIfAborted(signal)
  await lstat(root)
}
