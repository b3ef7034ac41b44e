// Swaps a directory for a link that leads out, and back, as fast as it can, until it is killed.
import { renameSync, symlinkSync, unlinkSync } from 'node:fs'

const [, , path = '', outside = ''] = process.argv
process.stdout.write('ready\n')
const attempt = (work: () => void): boolean => {
  try {
    work()
    return true
  } catch {
    return false
  }
}
for (let round = 0; ; round++) {
  // Somebody may have made a directory of that name in between: it goes out of the way.
  while (!attempt(() => renameSync(path, `${path}-aside`))) attempt(() => renameSync(path, `${path}-other-${round++}`))
  attempt(() => symlinkSync(outside, path))
  attempt(() => unlinkSync(path))
  while (!attempt(() => renameSync(`${path}-aside`, path))) attempt(() => renameSync(path, `${path}-other-${round++}`))
}
