/** Tells when files have changed, however they are replaced. */
import { watchFile, unwatchFile, type StatsListener } from 'node:fs'

/** How often they are looked at, in ms. */
const lookMs = 1_000

export interface Watching {
  /** Does what a change does, after what is under way. */
  now(): Promise<void>
  close(): void
}

/**
 * Calls `changed` when one of the files gets another time, size or inode; one call at a time. They are looked at every second: watching
 * their folders sees a rename sooner, and misses what happens behind a link or on a mounted disk, which is where secrets are put.
 */
export function watchFiles(paths: readonly string[], changed: () => Promise<void>): Watching {
  let last = Promise.resolve()
  const now = (): Promise<void> => (last = last.then(changed))
  const listener: StatsListener = (after, before) => {
    const same = after.mtimeMs === before.mtimeMs && after.ctimeMs === before.ctimeMs
    if (!same || after.ino !== before.ino || after.size !== before.size) void now()
  }
  for (const path of paths) watchFile(path, { interval: lookMs, persistent: false }, listener)
  return {
    now,
    close() {
      for (const path of paths) unwatchFile(path, listener)
    },
  }
}
