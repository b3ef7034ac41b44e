import { randomUUID } from 'node:crypto'
import { access, constants, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { broken, doubtful, fine, reasonOf, type Finding } from './finding.ts'

const nodeMajor = 24
const defaultPort = 8000
/** A file's time is as coarse as this on some file systems. */
const skewMaxMs = 3_000
/** No clock that is right tells a time before this. */
const earliest = Date.UTC(2026, 0, 1)

export function nodeVersion(version: string = process.versions.node): Finding {
  const major = Number(version.split('.', 1)[0])
  if (major >= nodeMajor) return fine('node', `Node.js ${version}`)
  return broken('node', `Node.js ${version} is too old`, `Install Node.js ${nodeMajor} or later.`)
}

/** Whether others may change what the user's programs trust. */
export async function* privacy(check: string, path: string): AsyncGenerator<Finding> {
  if (process.platform === 'win32') return
  for (const place of [path, dirname(path)]) {
    const { mode } = await stat(place)
    // In a folder with the sticky bit nobody replaces the files of others.
    if ((mode & 0o022) === 0 || (mode & 0o1000) !== 0) continue
    const octal = (mode & 0o777).toString(8)
    yield doubtful(check, `others may write to ${place} (mode ${octal})`, `chmod go-w ${place}`)
  }
}

/** Whether the folder, or the nearest one above it that exists, can be written. */
export async function* writableFolder(check: string, path: string): AsyncGenerator<Finding> {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      await access(folder, constants.W_OK | constants.X_OK)
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (missing && dirname(folder) !== folder) continue
      yield broken(
        check,
        `${folder} cannot be written: ${reasonOf(error)}`,
        `Give this user the right to write to ${folder}, or set KIT_HOME to a folder of its own.`,
      )
      return
    }
    yield fine(check, folder === path ? path : `${path}, not made yet`)
    return
  }
}

/** Whether this machine tells the time, and the same as where temporary files lie. */
export async function* clock(): AsyncGenerator<Finding> {
  const now = Date.now()
  const time = new Date(now).toISOString()
  if (now < earliest) {
    yield broken('clock', `it says ${time}`, 'Set the clock: signed requests and certificates are refused otherwise.')
    return
  }
  const probe = join(tmpdir(), `kit-doctor-${randomUUID()}`)
  try {
    await writeFile(probe, '', { flag: 'wx', mode: 0o600 })
    const skew = Math.round((await stat(probe)).mtimeMs - now)
    if (Math.abs(skew) > skewMaxMs) {
      yield doubtful(
        'clock',
        `files in ${tmpdir()} are ${skew} ms off the clock`,
        'Set the clocks of this machine and of its file server by NTP.',
      )
    } else yield fine('clock', time)
    yield fine('temporary', `${tmpdir()} can be written`)
  } catch (error) {
    yield broken(
      'temporary',
      `${tmpdir()} cannot be written: ${reasonOf(error)}`,
      'Free space, or set TMPDIR to a folder that can be written.',
    )
  } finally {
    await rm(probe, { force: true })
  }
}

/** Whether `kit serve` finds its port free. */
export async function freePort(given: string | undefined): Promise<Finding> {
  const port = Number(given ?? (process.env['PORT'] || defaultPort))
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    return broken('port', `${String(given ?? process.env['PORT'])} is no port`, 'A port is a number from 1 to 65535.')
  }
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: '127.0.0.1', port, exclusive: true }, resolve)
    })
    return fine('port', `${port} is free for \`kit serve\``)
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    const message = taken
      ? `${port} is taken, maybe by a running \`kit serve\``
      : `${port} cannot be listened on: ${reasonOf(error)}`
    return doubtful('port', message, 'Choose another one with `kit serve --port N`.')
  } finally {
    await new Promise<void>((resolve) => void server.close(() => resolve()))
  }
}
