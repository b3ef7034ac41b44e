import { dirname, join, resolve } from 'node:path'
import { errorCode, fromErrno, isStorageError, storageError } from '../errors/index.ts'
import { openAppending, type Appending } from './appending.ts'
import { errnoOf, namesIn, syncFolder } from './disk.ts'
import { nodeFiles, type LogFiles } from './files.ts'
import { damagedSnapshots, loadGenerations, type Generations } from './generations.ts'
import { segmentName } from './header.ts'
import { inspect, type Found } from './inspect.ts'
import { takeLock } from './lock.ts'
import type { Durable, Log, LogOptions, LogReader } from './log.ts'
import { createReading } from './reading.ts'
import { segmentFiles } from './segment-files.ts'
import { segmentsOf, setView, type LogView } from './view.ts'
import { createLog } from './write-log.ts'

const segmentBytesDefault = 256 * 2 ** 20
const segmentBytesMin = 4096

/**
 * Opens a log for writing, or makes it. A torn tail, as a crash leaves it, is cut off: it holds nothing that was acknowledged.
 * @throws Unavailable while another process writes to it, naming that process; a lock of one that is dead is removed.
 * @throws Corrupt where more than a tail is damaged or missing; the files are left as they are.
 */
export async function openLog(options: LogOptions): Promise<Log> {
  const setting = check(options)
  const { folder, files } = setting
  let unlock: (() => Promise<void>) | undefined
  const opened = segmentFiles(folder, setting)
  try {
    await makeFolder(files, folder)
    unlock = await takeLock(files, folder)
    const generations = await loadGenerations(setting)
    const found = await inspect(folder, opened, generations.known)
    refuseLost(setting, generations, found)
    await removeBehind(files, folder, found)
    // Their numbers are given again, to other files.
    for (const id of found?.extra ?? []) opened.forget(id)
    const view: LogView = { ends: new Map(), last: { segment: 1, offset: 0 } }
    if (found !== undefined) setView(view, found)
    const appending = await openAppending({ ...setting, moved: (id, end) => view.ends.set(id, end) }, found)
    try {
      await removeDropped(files, folder, found, appending)
    } catch (error) {
      await appending.close('process')
      throw error
    }
    return createLog({
      ...setting,
      opened,
      generations,
      view,
      appending,
      unlock,
      version: lowest(found, setting.version),
    })
  } catch (error) {
    opened.close()
    await unlock?.()
    throw isStorageError(error) ? error : fromErrno(error, { operation: 'open', key: folder })
  }
}

/**
 * Opens a log for reading, at any time, also while another process writes. Changes nothing on disk.
 * @throws NotFound where there is no log.
 */
export async function readLog(options: LogOptions): Promise<LogReader> {
  const setting = check(options)
  const { folder } = setting
  const opened = segmentFiles(folder, setting)
  const view: LogView = { ends: new Map(), last: { segment: 1, offset: 0 } }
  let version = setting.version
  let closed = false

  async function look(): Promise<Generations> {
    const generations = await loadGenerations(setting)
    const found = await inspect(folder, opened, generations.known)
    refuseLost(setting, generations, found)
    if (found === undefined) throw storageError('NotFound', `there is no log in ${folder}`)
    setView(view, found)
    version = lowest(found, setting.version)
    return generations
  }

  async function refresh(): Promise<void> {
    if (closed) throw storageError('Aborted', 'the log is closed')
    const newest = Math.max(...view.ends.keys())
    const sealed = [...view.ends].filter(([id]) => id !== newest).map(([id, end]) => ({ id, end, version }))
    const place = { segment: newest, offset: view.ends.get(newest) ?? 0 }
    try {
      const found = await inspect(folder, opened, { place, last: view.last, sealed, newest })
      if (found !== undefined) setView(view, found)
    } catch {
      // The writer has dropped something meanwhile, or begun again behind a crash.
      await again(look)
    }
  }

  try {
    const { snapshot } = await again(look)
    const reading = createReading(setting, opened, { ends: view.ends, lookAgain: refresh })
    const close = async (): Promise<void> => {
      closed = true
      opened.close()
    }
    return {
      snapshot,
      get version() {
        return version
      },
      get last() {
        return view.last
      },
      segments: () => segmentsOf(view),
      read: reading.read,
      replay: (after = snapshot?.covers ?? { segment: 0, offset: 0 }) => reading.replay(after),
      refresh,
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    opened.close()
    throw isStorageError(error) ? error : fromErrno(error, { operation: 'open', key: folder })
  }
}

/** What is looked at while another process changes it may look wrong once, but not each time. */
async function again<Result>(look: () => Promise<Result>): Promise<Result> {
  for (let tried = 1; ; tried++) {
    try {
      return await look()
    } catch (error) {
      const changing = errorCode(error) === 'Corrupt' || errnoOf(error) === 'ENOENT'
      if (!changing || tried === 4) throw error
      await new Promise((done) => setTimeout(done, 5 * tried))
    }
  }
}

interface Setting {
  readonly folder: string
  readonly format: string
  readonly version: number
  readonly durable: Durable
  readonly segmentBytes: number
  readonly dropCovered: boolean
  readonly files: LogFiles
}

function check(options: LogOptions): Setting {
  const { format, version, durable = 'power', segmentBytes = segmentBytesDefault } = options
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(format)) throw storageError('InvalidConfig', `${format} is no name of a format`)
  if (!Number.isSafeInteger(version) || version < 1) throw storageError('InvalidConfig', `${version} is no version`)
  if (!Number.isSafeInteger(segmentBytes) || segmentBytes < segmentBytesMin) {
    throw storageError('InvalidConfig', `segmentBytes is ${segmentBytes}, and must be ${segmentBytesMin} or more`)
  }
  const { dropCovered = false, files = nodeFiles } = options
  return { folder: resolve(options.folder), format, version, durable, segmentBytes, dropCovered, files }
}

function lowest(found: Found | undefined, version: number): number {
  return found === undefined ? version : Math.min(found.newest.version, ...found.sealed.map((one) => one.version))
}

/** @throws Corrupt where records are gone that no snapshot holds */
function refuseLost(
  { dropCovered, folder }: Setting,
  { snapshot, damaged, known }: Generations,
  found: Found | undefined,
): void {
  if (found === undefined && (damaged || known !== undefined)) {
    throw storageError('Corrupt', `the log in ${folder} has snapshots but no segment`)
  }
  if (!dropCovered || snapshot !== undefined || found === undefined) return
  const first = found.sealed[0]?.id ?? found.newest.id
  if (damaged || first > 1) throw damagedSnapshots(folder)
}

async function makeFolder(files: LogFiles, folder: string): Promise<void> {
  try {
    await files.mkdir(folder)
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return
    if (errnoOf(error) !== 'ENOENT' || dirname(folder) === folder) throw error
    await makeFolder(files, dirname(folder))
    await files.mkdir(folder).catch((late: unknown) => {
      if (errnoOf(late) !== 'EEXIST') throw late
    })
  }
  await syncFolder(files, dirname(folder))
}

/** What was begun behind a torn segment was never acknowledged. It must be gone before anything is written. */
async function removeBehind(files: LogFiles, folder: string, found: Found | undefined): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (name.endsWith('.tmp')) await files.unlink(join(folder, name))
  }
  const behind = found?.extra.filter((id) => id > found.newest.id) ?? []
  if (behind.length === 0) return
  for (const id of behind.toSorted((a, b) => b - a)) await files.unlink(join(folder, segmentName(id)))
  await syncFolder(files, folder)
}

/** Finishes a drop that a crash has interrupted. */
async function removeDropped(
  files: LogFiles,
  folder: string,
  found: Found | undefined,
  appending: Appending,
): Promise<void> {
  const dropped = found?.extra.filter((id) => id < found.newest.id) ?? []
  if (dropped.length === 0) return
  // Else a power cut could leave a log that still counts on them.
  await appending.sync()
  for (const id of dropped) await files.unlink(join(folder, segmentName(id)))
}
