import type { Context, Source } from '@kit/core'
import { copyFile } from './copy-file.ts'
import { pour } from './pour.ts'
import type { Site } from './site.ts'

/** Writes a body to a file, from `at` on, and gives its length: copied from a file where it is one of this machine, else poured. */
export async function fill(
  site: Site,
  fd: number,
  source: Source,
  context: Context,
  where: { readonly at?: number; readonly max?: number } = {},
): Promise<number> {
  const { file, size } = source
  const { at = 0, max = Number.POSITIVE_INFINITY } = where
  const copies = file !== undefined && size !== undefined && size <= max
  if (copies && (await copyFile(site, fd, file, size, at, context))) return size
  return pour(site, fd, source, context, where)
}
