import type { Source, UploadToken, WriteConditions } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { bytesSource, type CallOptions, type Store, type StoreEntry } from '../store/index.ts'
import { isStrong } from '../store/strong-etag.ts'
import { attributesFor, type CarriedAttributes } from './attributes.ts'
import { deleteAsSeen } from './delete-as-seen.ts'
import { objectSource } from './object-source.ts'
import { sameBytes } from './read-both.ts'
import type { Action, End, Ground, RunOptions } from './types.ts'
import { canUploadInParts, forgetUpload, uploadInParts, uploadsBegun } from './upload-parts.ts'
import { hashedSource, removeWrong, verifyRead, verifyTold } from './verify-copy.ts'

export type CarryAction = Extract<Action, { readonly action: 'copy' | 'move' }>

/** What became of one object. */
export interface Carried {
  readonly entry: StoreEntry
  readonly verified: Ground | undefined
  readonly dropped: readonly string[] | undefined
}

const defaultPartsFrom = 64 * 2 ** 20
/** Up to this size, opening a file here would cost more than all the rest. In bytes. */
const smallFile = 64 * 1024

/** Copies and moves single objects between two stores. */
export class Carrier {
  readonly #from: Store
  readonly #to: Store
  readonly #options: Pick<RunOptions, 'verify' | 'resume'>
  readonly #partsFrom: number
  readonly #attributesOf: (entry: StoreEntry) => CarriedAttributes
  readonly #binds: { readonly ifAbsent: boolean; readonly ifMatch: boolean }
  readonly #checks: readonly string[]
  #begun: Promise<ReadonlyMap<string, UploadToken>> | undefined

  constructor(from: End, to: End, options: Pick<RunOptions, 'verify' | 'resume' | 'partsFrom'>) {
    this.#from = from.store
    this.#to = to.store
    this.#options = options
    this.#partsFrom = options.partsFrom ?? defaultPartsFrom
    this.#attributesOf = attributesFor(to.store)
    const { write } = to.store.capabilities
    // A condition that the store itself takes with the request costs nothing; one that is agreed upon with locks would.
    const free = write?.conditionScope === 'store'
    this.#binds = { ifAbsent: free && write.ifAbsent === 'native', ifMatch: free && write.ifMatch === 'native' }
    this.#checks = write?.checks ?? []
  }

  async carry(action: CarryAction, call: CallOptions, onBytes: (bytes: number) => void): Promise<Carried> {
    if (action.how === 'store') return this.#byStore(action, call)
    const parts = this.sendsInParts(action.entry)
    const { seen, ...carried } = parts
      ? await this.#inParts(action, call, onBytes)
      : await this.#stream(action, call, onBytes)
    if (action.action === 'move') await this.#removeSource(seen, carried.verified, call)
    return carried
  }

  /** The store's own move is one step; its copy is verified, and then the old name goes. */
  async #byStore(action: CarryAction, call: CallOptions): Promise<Carried> {
    const { from, to, entry, replaces } = action
    const { ops, copy, move } = this.#to.capabilities
    const conditions = this.#conditions(action)
    if (action.action === 'move' && ops.move === 'native' && !(replaces !== undefined && move?.replaces === 'gap')) {
      const moved = await this.#to.move(from, to, { ...call, ...conditions })
      return { entry: moved, verified: undefined, dropped: undefined }
    }
    const fromEtag = copy?.fromEtag === 'native' && isStrong(entry.etag) ? entry.etag : undefined
    const made = await this.#to.copy(from, to, { ...call, ...conditions, fromEtag })
    const verified = await this.#checked(made, call, async () => {
      const told = verifyTold(entry, made)
      if (this.#options.verify !== 'read') return told
      const same = await sameBytes({ store: this.#from, entry }, { store: this.#to, entry: made }, call)
      if (!same) throw storageError('Corrupt', 'the copy, read back, has other bytes than its source')
      return 'bytes'
    })
    if (action.action === 'move') await this.#removeSource(entry, verified, call)
    return { entry: made, verified, dropped: undefined }
  }

  /** Read here, written there: in one piece where it is small, else as a stream that can be taken up again. */
  async #stream(
    action: CarryAction,
    call: CallOptions,
    onBytes: (bytes: number) => void,
  ): Promise<Carried & { readonly seen: StoreEntry }> {
    const small = await this.#smallFile(action, call, onBytes)
    if (small !== undefined) return small
    const reading = await this.#from.read(action.from, call)
    const { whole, entry: seen } = reading
    try {
      const opened =
        whole === undefined
          ? objectSource(
              { store: this.#from, key: action.from, entry: seen, from: 0, to: seen.size, call, onBytes },
              reading,
            )
          : bytesSource(whole)
      const hashed = this.#options.verify === 'read' ? hashedSource(opened) : undefined
      const { attributes, dropped } = this.#attributesOf(seen)
      const entry = await this.#to.write(action.to, hashed?.source ?? opened, {
        ...call,
        ...attributes,
        ...this.#conditions(action),
        hashes: this.#checkable(seen),
      })
      if (whole !== undefined) onBytes(whole.byteLength)
      const verified = await this.#checked(entry, call, async () => {
        const told = verifyTold(seen, await this.#sized(entry, call))
        return hashed === undefined ? told : verifyRead(this.#to, entry, await hashed.digest(), call)
      })
      return { entry, verified, dropped, seen }
    } finally {
      if (whole === undefined) await reading[Symbol.asyncDispose]()
    }
  }

  /** A small file of this machine, for the other store to take by its path. Undefined where it is another case, or the file is another by now. */
  async #smallFile(
    action: CarryAction,
    call: CallOptions,
    onBytes: (bytes: number) => void,
  ): Promise<(Carried & { readonly seen: StoreEntry }) | undefined> {
    const { entry: seen } = action
    const { file, size = smallFile + 1 } = seen
    if (file === undefined || size > smallFile || this.#options.verify === 'read') return undefined
    let taken = true
    const source: Source = {
      size,
      version: seen.etag,
      file,
      open() {
        taken = false
        throw storageError('Conflict', 'the file is not the one that was listed')
      },
    }
    const { attributes, dropped } = this.#attributesOf(seen)
    try {
      const entry = await this.#to.write(action.to, source, { ...call, ...attributes, ...this.#conditions(action) })
      onBytes(size)
      const verified = await this.#checked(entry, call, async () => verifyTold(seen, await this.#sized(entry, call)))
      return { entry, verified, dropped, seen }
    } catch (error) {
      if (taken) throw error
      return undefined
    }
  }

  async #inParts(
    action: CarryAction,
    call: CallOptions,
    onBytes: (bytes: number) => void,
  ): Promise<Carried & { readonly seen: StoreEntry }> {
    const seen = await this.#from.stat(action.from, call)
    const { resume } = this.#options
    if (resume === undefined || seen.kind !== 'file' || !canUploadInParts(this.#from, seen, this.#to)) {
      return this.#stream(action, call, onBytes)
    }
    const { attributes, dropped } = this.#attributesOf(seen)
    const options = { ...attributes, ...this.#conditions(action) }
    const size = seen.size ?? 0
    const ends = { from: this.#from, entry: seen, size, to: this.#to, key: action.to }
    const entry = await uploadInParts({
      ...ends,
      options,
      resume,
      call,
      onBytes,
      begun: () => this.#uploadsBegun(call),
    })
    const verified = await this.#checked(entry, call, async () => {
      const told = verifyTold(seen, await this.#sized(entry, call))
      if (this.#options.verify !== 'read') return told
      const part = { store: this.#from, key: action.from, entry: seen, from: 0, to: size, call }
      return verifyRead(this.#to, entry, await hashedSource(objectSource(part)).digest(), call)
    })
    return { entry, verified, dropped, seen }
  }

  /** Looked up once. One that was begun since is nobody's but ours. */
  #uploadsBegun(call: CallOptions): Promise<ReadonlyMap<string, UploadToken>> {
    this.#begun ??= uploadsBegun(this.#to, call).catch((error: unknown) => {
      this.#begun = undefined
      throw error
    })
    return this.#begun
  }

  /** Of an object that is there already: what an earlier run may have left of its upload. What cannot be cleared now is at the next run. */
  async forget(entry: StoreEntry, key: string, call: CallOptions): Promise<void> {
    const { resume } = this.#options
    if (resume === undefined) return
    await forgetUpload({ from: this.#from, entry, to: this.#to, key, resume, call }).catch(() => undefined)
  }

  sendsInParts({ kind, size }: StoreEntry): boolean {
    return (
      this.#options.resume !== undefined && kind === 'file' && (size ?? 0) >= this.#partsFrom && this.#to.can('upload')
    )
  }

  /** Those asked for; else what the plan saw, where that costs nothing. */
  #conditions({ conditions, replaces }: CarryAction): WriteConditions | undefined {
    if (conditions !== undefined) return conditions
    if (replaces === undefined) return this.#binds.ifAbsent ? { ifAbsent: true } : undefined
    return this.#binds.ifMatch && replaces.kind === 'file' && isStrong(replaces.etag)
      ? { ifMatch: replaces.etag }
      : undefined
  }

  #checkable({ hashes }: StoreEntry): StoreEntry['hashes'] {
    if (hashes === undefined || this.#checks.length === 0) return undefined
    const known = Object.entries(hashes).filter(([name]) => this.#checks.includes(name))
    return known.length === 0 ? undefined : Object.fromEntries(known)
  }

  async #sized(made: StoreEntry, call: CallOptions): Promise<StoreEntry> {
    return made.size === undefined ? this.#to.stat(made.key, call) : made
  }

  /** What is found wrong does not stay. */
  async #checked(
    made: StoreEntry,
    call: CallOptions,
    check: () => Promise<Ground | undefined>,
  ): Promise<Ground | undefined> {
    try {
      return await check()
    } catch (error) {
      if (call.signal?.aborted !== true) await removeWrong(this.#to, made, call)
      throw error
    }
  }

  async #removeSource(seen: StoreEntry, verified: Ground | undefined, call: CallOptions): Promise<void> {
    if (verified === undefined) {
      throw storageError('Unexpected', 'neither store tells enough to verify the copy; the source was kept', {
        key: seen.key,
        store: this.#from.name,
        applied: 'yes',
      })
    }
    await deleteAsSeen(this.#from, seen, call)
  }
}
