/* oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin */
import type { Worker } from 'node:worker_threads'
import { fileState } from '@kit/core/node'
import type { Facts } from './entry.ts'
import { openFlags, type FilePath } from './fs-client.ts'
import { smallMax, type SmallBody } from './small-body.ts'
import { beginThread } from './thread.ts'

/** A small file to be written: made at `temporary`, then given its place. */
export interface SmallWrite {
  readonly temporary: FilePath
  readonly place: FilePath
  /** A link and what it must show, each byte one character, or the file does not go there. */
  readonly link: string | undefined
  readonly shows: string
  readonly body: SmallBody
  /** Unix time in seconds. */
  readonly accessed: number
  readonly modified: number
  readonly mode: number | undefined
  readonly ifAbsent: boolean
}

/**
 * `not`: it is neither at its place nor a temporary any more, and the usual way tells why. `left`: the temporary is there still. `unknown`: it
 * may be at its place.
 */
export type Written =
  | { readonly ended: 'placed'; readonly facts: Facts }
  | { readonly ended: 'not' | 'left' | 'unknown' }

/** Of each path. The system takes 4096 at most. */
const pathMax = 4096
const slots = 64
/** After a write that took as long in the thread, the disk is slow, and several threads get more out of it for a while. */
const slowMs = 25
const restMs = 200
/** So long after several were under way at once, the next will be as well. */
const wantedMs = 20

/** What both threads see: counters, then so many slots of numbers, paths and bytes. */
const layout = {
  slots,
  controlBytes: 64,
  tellAfter: 16,
  numbers: 16,
  pathMax,
  slotBytes: 16 * 8 + 4 * pathMax + smallMax,
  smallMax,
  createFlags: openFlags.create,
  readFlags: openFlags.read,
  /** Of the counters: handed over, done, and whether somebody waits to be told. */
  posted: 0,
  done: 1,
  waits: 2,
  /** Of the numbers that go there. */
  lengths: 0,
  size: 4,
  accessed: 5,
  modified: 6,
  mode: 7,
  ifAbsent: 8,
  /** Not 0: the content is a path and a state of these lengths, instead of bytes. */
  pathLength: 9,
  stateLength: 10,
  /** Of those that come back, in their place: how it ended, how long it took in ms, and the facts. */
  ended: 0,
  took: 1,
  facts: 2,
} as const
const endings = ['placed', 'not', 'left', 'unknown'] as const

interface Shared {
  readonly control: Int32Array
  readonly numbers: readonly Float64Array[]
  readonly contents: readonly Buffer[]
}

/** A thread that writes small files one after the other while this one goes on. */
class WriteThread {
  readonly #worker: Worker
  readonly #shared: Shared
  /** Who waits for those on their way, the oldest first. */
  #waiting: ((written: Written) => void)[] = []
  #posted = 0
  #settled = 0
  #ready = false
  #restsUntil = 0
  #wantedUntil = 0

  constructor(onEnd: () => void) {
    const memory = new SharedArrayBuffer(layout.controlBytes + slots * layout.slotBytes)
    this.#shared = sharedIn(memory)
    this.#worker = beginThread('kit-write', `(${writeLoop.toString()})(${fileState.toString()})`, { memory, layout })
    this.#worker.on('online', () => {
      this.#ready = true
      // From now on Node waits for it again, whatever was said before.
      this.#worker.unref()
    })
    this.#worker.on('message', () => this.#settle())
    this.#worker.on('error', () => undefined)
    this.#worker.on('exit', () => {
      onEnd()
      this.#ready = false
      this.#settle()
      for (const settle of this.#waiting.splice(0)) settle({ ended: 'unknown' })
    })
  }

  /** Whether writes come while others are under way: now, or just before. */
  get isWanted(): boolean {
    if (this.#waiting.length > 0) {
      this.#wantedUntil = performance.now() + wantedMs
      return true
    }
    return this.#wantedUntil > 0 && performance.now() < this.#wantedUntil
  }

  get isFree(): boolean {
    if (!this.#ready || this.#waiting.length === slots) return false
    if (this.#restsUntil === 0) return true
    if (performance.now() < this.#restsUntil) return false
    this.#restsUntil = 0
    return true
  }

  write(work: SmallWrite): Promise<Written> {
    const { control, numbers, contents } = this.#shared
    const slot = (this.#posted >>> 0) % slots
    fillSlot(numbers[slot], contents[slot], work)
    this.#posted = (this.#posted + 1) | 0
    if (this.#waiting.length === 0) this.#worker.ref()
    const written = new Promise<Written>((resolve) => this.#waiting.push(resolve))
    Atomics.store(control, layout.waits, 1)
    Atomics.store(control, layout.posted, this.#posted)
    Atomics.notify(control, layout.posted)
    return written
  }

  #settle(): void {
    const { control, numbers } = this.#shared
    for (;;) {
      const done = Atomics.load(control, layout.done)
      while (this.#settled !== done) {
        const slot = (this.#settled >>> 0) % slots
        this.#settled = (this.#settled + 1) | 0
        this.#waiting.shift()?.(this.#writtenAt(numbers[slot]))
      }
      if (this.#waiting.length === 0) {
        this.#worker.unref()
        return
      }
      // Asked to be told again, and looked once more, as more may have been done before it was asked.
      Atomics.store(control, layout.waits, 1)
      if (Atomics.load(control, layout.done) === done) return
    }
  }

  #writtenAt(numbers: Float64Array | undefined): Written {
    if (numbers === undefined) return { ended: 'unknown' }
    if ((numbers[layout.took] ?? 0) > slowMs) this.#restsUntil = performance.now() + restMs
    const ended = endings[numbers[layout.ended] ?? 3] ?? 'unknown'
    if (ended !== 'placed') return { ended }
    const [ino = 0, size = 0, mtimeMs = 0, ctimeMs = 0, mode = 0] = numbers.subarray(layout.facts)
    return { ended, facts: { ino, size, mtimeMs, ctimeMs, mode } }
  }
}

function sharedIn(memory: SharedArrayBuffer): Shared {
  const numbers: Float64Array[] = []
  const contents: Buffer[] = []
  for (let slot = 0; slot < slots; slot++) {
    const at = layout.controlBytes + slot * layout.slotBytes
    numbers.push(new Float64Array(memory, at, layout.numbers))
    contents.push(Buffer.from(memory, at + layout.numbers * 8, layout.slotBytes - layout.numbers * 8))
  }
  return { control: new Int32Array(memory, 0, layout.controlBytes / 4), numbers, contents }
}

function fillSlot(numbers: Float64Array | undefined, content: Buffer | undefined, work: SmallWrite): void {
  if (numbers === undefined || content === undefined) return
  let at = 0
  const put = (index: number, path: FilePath, encoding: 'utf8' | 'latin1'): void => {
    const length = typeof path === 'string' ? content.write(path, at, encoding) : path.copy(content, at)
    numbers[layout.lengths + index] = length
    at += length
  }
  put(0, work.temporary, 'utf8')
  put(1, work.place, 'utf8')
  put(2, work.link ?? '', 'utf8')
  put(3, work.shows, 'latin1')
  const { body } = work
  if ('bytes' in body) {
    content.set(body.bytes, at)
    numbers[layout.size] = body.bytes.byteLength
    numbers[layout.pathLength] = 0
  } else {
    numbers[layout.size] = body.size
    numbers[layout.pathLength] = content.write(body.file.path, at, 'utf8')
    numbers[layout.stateLength] = content.write(body.file.state, at + (numbers[layout.pathLength] ?? 0), 'latin1')
  }
  numbers[layout.accessed] = work.accessed
  numbers[layout.modified] = work.modified
  numbers[layout.mode] = work.mode ?? -1
  numbers[layout.ifAbsent] = work.ifAbsent ? 1 : 0
}

/** Runs in the thread. Names nothing of this module: only its text goes there. `stateOf`: `fileState`, whose text goes along. */
function writeLoop(stateOf: typeof fileState): void {
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads')
  const fs = process.getBuiltinModule('node:fs')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- given where the thread is begun
  const { memory, layout: is } = workerData as { memory: SharedArrayBuffer; layout: typeof layout }
  const control = new Int32Array(memory, 0, is.controlBytes / 4)
  const scratch = Buffer.alloc(is.smallMax)

  /** A whole file in the state that is meant. */
  function readFile(path: Buffer, state: string, size: number): Buffer {
    const fd = fs.openSync(path, is.readFlags)
    try {
      let done = 0
      while (done < size) {
        const count = fs.readSync(fd, scratch, done, size - done, done)
        if (count === 0) throw new Error('shorter')
        done += count
      }
      if (stateOf(fs.fstatSync(fd)) !== state) throw new Error('another')
      return scratch.subarray(0, size)
    } finally {
      fs.closeSync(fd)
    }
  }

  let checkedLink = Buffer.alloc(0)
  /** How many had been handed over when that was looked at: for each of them the look is late enough. */
  let checkedFor = 0

  function isInPlace(link: Buffer, shows: Buffer, number: number): boolean {
    if (link.length === 0 || (((checkedFor - number) | 0) > 0 && link.equals(checkedLink))) return true
    const posted = Atomics.load(control, is.posted)
    if (!fs.readlinkSync(link, 'buffer').equals(shows)) return false
    checkedLink = Buffer.from(link)
    checkedFor = posted
    return true
  }

  /** The mode of a file as it is made here; none before the first. */
  let madeMode = -1

  function write(number: number): void {
    const start = is.controlBytes + ((number >>> 0) % is.slots) * is.slotBytes
    const numbers = new Float64Array(memory, start, is.numbers)
    let at = start + is.numbers * 8
    const next = (length: number): Buffer => {
      const bytes = Buffer.from(memory, at, length)
      at += length
      return bytes
    }
    const [temporaryLength = 0, placeLength = 0, linkLength = 0, showsLength = 0] = numbers
    const temporary = next(temporaryLength)
    const place = next(placeLength)
    const link = next(linkLength)
    const shows = next(showsLength)
    const size = numbers[is.size] ?? 0
    const pathLength = numbers[is.pathLength] ?? 0
    const before = performance.now()
    let fd = -1
    let placed = false
    let ended = 2
    let facts: readonly number[] = []
    try {
      if (!isInPlace(link, shows, number)) throw new Error('moved')
      const bytes =
        pathLength === 0
          ? next(size)
          : readFile(next(pathLength), next(numbers[is.stateLength] ?? 0).toString('latin1'), size)
      fd = fs.openSync(temporary, is.createFlags, 0o666)
      for (let done = 0; done < size;) done += fs.writeSync(fd, bytes, done, size - done, done)
      const mode = numbers[is.mode] ?? -1
      if (madeMode < 0) madeMode = fs.fstatSync(fd).mode & 0o7777
      if (mode >= 0 && mode !== madeMode) fs.fchmodSync(fd, mode)
      fs.futimesSync(fd, numbers[is.accessed] ?? 0, numbers[is.modified] ?? 0)
      if (numbers[is.ifAbsent] === 1) {
        fs.linkSync(temporary, place)
        placed = true
        fs.unlinkSync(temporary)
      } else fs.renameSync(temporary, place)
      placed = true
      let stats = fs.fstatSync(fd)
      if (mode >= 0 && (stats.mode & 0o7777) !== mode) {
        // Files are made with another mode than before.
        madeMode = -1
        fs.fchmodSync(fd, mode)
        stats = fs.fstatSync(fd)
      }
      facts = [stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs, stats.mode]
      ended = 0
    } catch {
      ended = placed ? 3 : 2
    }
    if (fd >= 0) {
      try {
        fs.closeSync(fd)
      } catch {
        // It was closed all the same.
      }
    }
    if (ended === 2) {
      try {
        if (fd >= 0) fs.unlinkSync(temporary)
        ended = 1
      } catch {
        // Whoever asked removes it.
      }
    }
    numbers[is.ended] = ended
    numbers[is.took] = performance.now() - before
    numbers.set(facts, is.facts)
  }

  let untold = 0
  for (let done = 0; ;) {
    if (Atomics.load(control, is.posted) === done) {
      Atomics.wait(control, is.posted, done)
      continue
    }
    write(done)
    done = (done + 1) | 0
    Atomics.store(control, is.done, done)
    // Being told costs both threads more than a small file: so several at a time, or when there is no more to do.
    if (++untold < is.tellAfter && Atomics.load(control, is.posted) !== done) continue
    untold = 0
    if (Atomics.exchange(control, is.waits, 0) === 1) parentPort?.postMessage(undefined)
  }
}

/** So often was this thread too busy for a small file before it is worth another one. */
const worthAfter = 32
let thread: WriteThread | undefined
let missed = 0

/**
 * Hands a small file over, where a thread takes it sooner: while this one has much to do, and others are under way there. Shared by all
 * stores of the process.
 */
export function writeByThread(isQuick: boolean, prepare: () => SmallWrite | undefined): Promise<Written> | undefined {
  if (thread === undefined) {
    if (isQuick || ++missed < worthAfter) return undefined
    missed = 0
    thread = new WriteThread(() => (thread = undefined))
  }
  if (!thread.isFree || !(thread.isWanted || !isQuick)) return undefined
  const work = prepare()
  return work && thread.write(work)
}
