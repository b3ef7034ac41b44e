// Folders that a run makes, all gone when it ends: at the end of a case, by an error, or by Ctrl-C.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders = new Set<string>()
process.on('exit', () => {
  for (const folder of folders) removeTemporary(folder)
})
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, () => process.exit(code))
}

/** A new folder, on the disk of the system's temporary files unless told where. */
export function temporaryFolder(under: string = tmpdir()): string {
  const folder = mkdtempSync(join(under, 'kit-bench-'))
  folders.add(folder)
  return folder
}

export function removeTemporary(folder: string): void {
  folders.delete(folder)
  // What was under way when the run was stopped may put one more file there.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}
