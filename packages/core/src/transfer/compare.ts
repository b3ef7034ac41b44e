import type { Entry } from '../backend/index.ts'
import { abortError, errorCode, storageError, throwIfAborted } from '../errors/index.ts'
import { keyName, parseKey } from '../keys/index.ts'
import type { CallOptions, Store, StoreEntry } from '../store/index.ts'
import { atOnce, bothFiles } from './at-once.ts'
import { childSignal } from './child-signal.ts'
import { mergeListings, type Pair } from './merge.ts'
import { sameBytes } from './read-both.ts'
import { sameContent, sameTime } from './sameness.ts'
import type { CompareOptions, Comparison, End } from './types.ts'

/** What is at both ends. A missing right one is empty. */
export interface Roots {
  readonly left: StoreEntry
  readonly right: StoreEntry | undefined
}

/** @throws NotFound where nothing is at the left end, NotDirectory where a tree meets a file */
export async function findRoots(left: End, right: End, options: CallOptions): Promise<Roots> {
  const [one, other] = await Promise.allSettled([rootOf(left, options), rootOf(right, options)])
  if (one.status === 'rejected') throw one.reason
  if (other.status === 'rejected' && errorCode(other.reason) !== 'NotFound') throw other.reason
  const roots = { left: one.value, right: other.status === 'fulfilled' ? other.value : undefined }
  if (roots.left.kind === 'directory' && roots.right !== undefined && roots.right.kind !== 'directory') {
    throw storageError('NotDirectory', 'a directory cannot be laid beside a file', {
      store: right.store.name,
      key: right.key ?? '',
    })
  }
  return roots
}

function rootOf({ store, key = '' }: End, { signal, requestId }: CallOptions): Promise<StoreEntry> {
  return store.stat(key, { signal, requestId, implied: true })
}

export interface ComparePlan extends CompareOptions {
  /** Directories of the left side too, where they exist there; else only where they do on both sides. */
  readonly leftDirectories?: boolean | undefined
}

/** Comparisons in order, as many at a time as there are without waiting. */
export async function* compareInBatches(
  left: End,
  right: End,
  { left: one, right: other }: Roots,
  options: ComparePlan,
): AsyncGenerator<Comparison[]> {
  const { filter, links = 'keep', signal } = options
  const judge = new Judge(left.store, right.store, options)
  const real = left.store.capabilities.directories === 'real' && right.store.capabilities.directories === 'real'
  const ownReal = options.leftDirectories === true && left.store.capabilities.directories === 'real'

  const wanted = (key: string, pair: Pair): boolean => {
    const entry = pair.left ?? pair.right
    if (entry === undefined) return false
    if (links === 'skip' && (pair.left ?? pair.right)?.kind === 'link') return false
    return filter === undefined || filter.admits(key, entry)
  }
  if (one.kind !== 'directory') {
    const pair: Pair = { key: '', left: one, right: other }
    if (wanted(keyName(one.key), pair)) yield* inOrder(single(judge.look(pair)), 1, options)
    return
  }

  const fields = judge.wants
  if (bothFiles(left.store, right.store)) fields.push('file')
  const call = { signal, requestId: options.requestId, want: fields.length === 0 ? undefined : fields }
  const pairs = mergeListings(left, other === undefined ? undefined : right, {
    left: { ...call, directories: real || ownReal },
    right: { ...call, directories: real },
  })
  yield* inOrder(
    judgeAll(pairs, judge, wanted, signal),
    options.concurrency ?? atOnce(left.store, right.store),
    options,
  )
}

/** A verdict, or the look that gives one. */
type Judgement = Comparison | ((signal: AbortSignal) => Promise<Comparison>)

async function* single(judgement: Judgement): AsyncGenerator<Judgement[]> {
  yield [judgement]
}

async function* judgeAll(
  pairs: AsyncIterable<Pair[]>,
  judge: Judge,
  wanted: (key: string, pair: Pair) => boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<Judgement[]> {
  for await (const batch of pairs) {
    if (signal !== undefined) throwIfAborted(signal)
    const judged: Judgement[] = []
    for (const pair of batch) if (wanted(pair.key, pair)) judged.push(judge.look(pair))
    yield judged
  }
}

/** Decides by what entries tell, and says where they must be looked at. */
class Judge {
  readonly #left: Store
  readonly #right: Store
  readonly #call: CallOptions
  readonly #checksum: boolean
  readonly #follow: boolean
  /** The right side keeps the times that it is given, so that they tell something. */
  readonly #times: boolean

  constructor(left: Store, right: Store, { checksum = false, links, requestId }: CompareOptions) {
    this.#left = left
    this.#right = right
    this.#call = { requestId }
    this.#checksum = checksum
    this.#follow = links === 'follow'
    this.#times = !checksum && right.capabilities.write?.attributes.includes('modified') === true
  }

  get wants(): (keyof Entry)[] {
    return this.#checksum ? ['hashes'] : this.#times ? ['modified'] : []
  }

  look(pair: Pair): Judgement {
    if (this.#follow && (pair.left?.kind === 'link' || pair.right?.kind === 'link')) {
      return (signal) => this.#guarded(pair, signal, async () => this.#followed(pair, signal))
    }
    return this.#judge(pair) ?? ((signal) => this.#guarded(pair, signal, async () => this.#read(pair, signal)))
  }

  /** By what the entries tell; `undefined` where the bytes must be compared. */
  #judge(pair: Pair): Comparison | undefined {
    const { key, left, right } = pair
    if (left === undefined) return { key, right, verdict: 'only-right' }
    if (right === undefined) return { key, left, verdict: 'only-left' }
    if (left.kind !== right.kind) return { key, left, right, verdict: 'differs' }
    if (left.kind === 'directory') return { key, left, right, verdict: 'same' }
    if (left.kind === 'link') return { key, left, right, verdict: left.target === right.target ? 'same' : 'differs' }
    if (this.#left === this.#right && left.key === right.key) return { key, left, right, verdict: 'same', by: 'etag' }
    const found = sameContent(left, right)
    if (found !== undefined) return { key, left, right, verdict: found.same ? 'same' : 'differs', by: found.by }
    if (this.#checksum || left.size === undefined || right.size === undefined) return undefined
    if (left.cid !== undefined && right.cid !== undefined) return { key, left, right, verdict: 'differs', by: 'cid' }
    if (!this.#times || left.modified === undefined || right.modified === undefined) {
      return { key, left, right, verdict: 'same', by: 'size' }
    }
    const same = sameTime(left.modified, right.modified)
    return { key, left, right, verdict: same ? 'same' : 'differs', by: 'modified' }
  }

  async #followed(pair: Pair, signal: AbortSignal): Promise<Comparison> {
    const left = await this.#target(this.#left, pair.left, signal)
    const right = await this.#target(this.#right, pair.right, signal)
    const followed = { key: pair.key, left, right }
    return this.#judge(followed) ?? (await this.#read(followed, signal))
  }

  /** What a link points to, where it is a file that the store reads through it. */
  async #target(store: Store, entry: StoreEntry | undefined, signal: AbortSignal): Promise<StoreEntry | undefined> {
    if (entry?.kind !== 'link') return entry
    await using reading = await store.read(entry.key, { ...this.#call, signal })
    return reading.entry
  }

  async #read({ key, left, right }: Pair, signal: AbortSignal): Promise<Comparison> {
    if (left === undefined || right === undefined) throw storageError('Unexpected', 'there is nothing to compare')
    const same = await sameBytes(
      { store: this.#left, entry: left },
      { store: this.#right, entry: right },
      {
        ...this.#call,
        signal,
      },
    )
    return { key, left, right, verdict: same ? 'same' : 'differs', by: 'bytes' }
  }

  /** A look that failed is a verdict too; only an abort ends it all. */
  async #guarded(pair: Pair, signal: AbortSignal, work: () => Promise<Comparison>): Promise<Comparison> {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted) throw abortError(signal)
      return { ...pair, verdict: 'failed', error }
    }
  }
}

/** Results that wait for a slow one before them. */
const maxQueued = 4096

/** Settles what needs a look, some at once, and gives everything in the order in which it came. */
async function* inOrder(
  judgements: AsyncIterable<Judgement[]>,
  concurrency: number,
  { signal }: CallOptions,
): AsyncGenerator<Comparison[]> {
  const child = childSignal(signal)
  const running = new Set<Promise<Comparison>>()
  let queue: (Comparison | Promise<Comparison>)[] = []
  /** Results by the promise that gave them. */
  const settled = new Map<Promise<Comparison>, Comparison>()

  const start = (look: (signal: AbortSignal) => Promise<Comparison>): Promise<Comparison> => {
    const work = look(child.signal)
    running.add(work)
    work.then(
      (result) => {
        running.delete(work)
        settled.set(work, result)
      },
      () => running.delete(work),
    )
    return work
  }
  const ready = (): Comparison[] => {
    let count = 0
    const out: Comparison[] = []
    for (const item of queue) {
      const result = item instanceof Promise ? settled.get(item) : item
      if (result === undefined) break
      if (item instanceof Promise) settled.delete(item)
      out.push(result)
      count++
    }
    queue = queue.slice(count)
    return out
  }
  try {
    for await (const batch of judgements) {
      for (const judgement of batch) {
        if (typeof judgement !== 'function') {
          queue.push(judgement)
          continue
        }
        while (running.size >= concurrency || queue.length >= maxQueued) {
          await (queue.length >= maxQueued ? queue[0] : Promise.race(running))
          const out = ready()
          if (out.length > 0) yield out
        }
        queue.push(start(judgement))
      }
      const out = ready()
      if (out.length > 0) yield out
    }
    while (queue.length > 0) {
      await queue[0]
      const out = ready()
      if (out.length > 0) yield out
    }
  } finally {
    if (running.size > 0) child.abort()
    await Promise.allSettled(running)
    child.release()
  }
}

/** Both trees side by side, in the order of keys, in flat memory. Single objects are compared under the key `''`. */
export async function* compare(left: End, right: End, options: CompareOptions): AsyncGenerator<Comparison> {
  for (const end of [left, right]) parseKey(end.key ?? '')
  const roots = await findRoots(left, right, options)
  for await (const batch of compareInBatches(left, right, roots, options)) {
    for (const comparison of batch) yield comparison
  }
}
