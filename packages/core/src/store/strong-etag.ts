import type { Etag } from '../backend/index.ts'

/** Whether an etag may bind a change: there is one, and it is not weak. */
export function isStrong(etag: Etag | undefined): etag is Etag {
  return etag?.startsWith('W/') === false
}
