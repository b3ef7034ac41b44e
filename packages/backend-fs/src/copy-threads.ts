/* oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin */
import { availableParallelism } from 'node:os'
import type { Worker } from 'node:worker_threads'
import { beginThread } from './thread.ts'

/** Bytes between two open files. */
export interface Stretch {
  readonly from: number
  readonly to: number
  /** Offsets in each. */
  readonly read: number
  readonly write: number
  readonly length: number
}

/** What became of a stretch. `short`: the file ended before it. */
type Answer =
  | { readonly ended: 'whole' | 'short' | 'cancelled' }
  | { readonly ended: 'failed'; readonly failure: Failure }
interface Failure {
  readonly reading: boolean
  readonly code: string | undefined
  readonly message: string
}

/** A copy on its way. */
export interface Copying {
  readonly ended: Promise<Answer>
  /** Bytes so far. */
  copied(): number
  cancel(): void
}

/** Processors' own caches hold a piece between its being read and its being written. */
const pieceBytes = 256 * 1024
const threadsMax = Math.max(1, Math.min(4, availableParallelism()))

interface Task {
  readonly stretch: Stretch
  /** `[0]`: to be cancelled; from byte 8 on the bytes copied so far, as a float. */
  readonly shared: SharedArrayBuffer
  readonly pieceBytes: number
}

interface Thread {
  readonly worker: Worker
  busy: ((answer: Answer) => void) | undefined
}

const threads: Thread[] = []
const waiting: { readonly task: Task; readonly ended: (answer: Answer) => void }[] = []

/** Copies in a thread of its own, as many at once as there are processors, the others in turn. Whoever asks keeps both files open until it has ended. */
export function copyInThread(stretch: Stretch): Copying {
  const shared = new SharedArrayBuffer(16)
  const flag = new Int32Array(shared, 0, 1)
  const count = new Float64Array(shared, 8, 1)
  const { promise, resolve } = Promise.withResolvers<Answer>()
  waiting.push({ task: { stretch, shared, pieceBytes }, ended: resolve })
  next()
  return { ended: promise, copied: () => count[0] ?? 0, cancel: () => void Atomics.store(flag, 0, 1) }
}

function next(): void {
  while (waiting.length > 0) {
    const free = threads.find(({ busy }) => busy === undefined) ?? (threads.length < threadsMax ? begin() : undefined)
    const first = free === undefined ? undefined : waiting.shift()
    if (free === undefined || first === undefined) return
    free.busy = first.ended
    free.worker.ref()
    free.worker.postMessage(first.task)
  }
}

function begin(): Thread {
  const worker = beginThread('kit-copy', `(${copyLoop.toString()})()`)
  const thread: Thread = { worker, busy: undefined }
  const settle = (answer: Answer): void => {
    const ended = thread.busy
    thread.busy = undefined
    worker.unref()
    ended?.(answer)
    next()
  }
  worker.on('message', (answer: Answer) => settle(answer))
  worker.on('error', ({ message }: Error) => {
    threads.splice(threads.indexOf(thread), 1)
    settle({ ended: 'failed', failure: { reading: false, code: undefined, message } })
  })
  threads.push(thread)
  return thread
}

/** Runs in the thread. Names nothing of this module: only its text goes there. */
function copyLoop(): void {
  const { parentPort } = process.getBuiltinModule('node:worker_threads')
  const fs = process.getBuiltinModule('node:fs')
  let buffer = new Uint8Array()
  parentPort?.on('message', ({ stretch, shared, pieceBytes: most }: Task) => {
    const { from, to, read, write, length } = stretch
    const flag = new Int32Array(shared, 0, 1)
    const count = new Float64Array(shared, 8, 1)
    if (buffer.byteLength === 0) buffer = new Uint8Array(most)
    let done = 0
    let reading = true
    try {
      while (done < length) {
        if (Atomics.load(flag, 0) !== 0) {
          parentPort.postMessage({ ended: 'cancelled' })
          return
        }
        reading = true
        const got = fs.readSync(from, buffer, 0, Math.min(most, length - done), read + done)
        if (got === 0) {
          parentPort.postMessage({ ended: 'short' })
          return
        }
        reading = false
        for (let put = 0; put < got;) put += fs.writeSync(to, buffer, put, got - put, write + done + put)
        done += got
        count[0] = done
      }
      parentPort.postMessage({ ended: 'whole' })
    } catch (error) {
      const { code, message } =
        error instanceof Error ? (error as NodeJS.ErrnoException) : { code: undefined, message: String(error) }
      parentPort.postMessage({ ended: 'failed', failure: { reading, code, message } })
    }
  })
}
