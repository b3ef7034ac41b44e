import { join } from 'node:path'
import { storageError } from '../errors/index.ts'
import { closeRead, openToRead } from './disk.ts'
import { readHeader, segmentName, type SegmentHeader } from './header.ts'

export interface SegmentFile {
  readonly header: SegmentHeader
  readonly fd: number
  /** Where its frames begin. */
  readonly start: number
}

/** The segments' files that are open for reading: a few dozen stay open, and those in use. */
export interface SegmentFiles {
  /** Where it is open already. To be released. */
  held(id: number): SegmentFile | undefined
  /** To be released. @throws what the system says (ENOENT), and what `readHeader` does. */
  acquire(id: number): Promise<SegmentFile>
  release(file: SegmentFile): void
  /** Closes it, when its last user is done: the segment is gone. */
  forget(id: number): void
  /** Closes those that nobody uses now, and the others when they are released. */
  close(): void
}

interface Held extends SegmentFile {
  users: number
  /** Whether it is found by its number. */
  kept: boolean
}

const keptOpen = 64

export function segmentFiles(
  folder: string,
  wanted: { readonly format: string; readonly version: number },
): SegmentFiles {
  // In the order of their last use.
  const held = new Map<number, Held>()
  const opening = new Map<number, Promise<Held>>()
  const users = new WeakMap<SegmentFile, Held>()
  let closed = false

  async function open(id: number): Promise<Held> {
    const path = join(folder, segmentName(id))
    const fd = await openToRead(path)
    try {
      const { header, end } = await readHeader(fd, 'segment', wanted, path)
      if (header.segment !== id)
        throw storageError('Corrupt', `${path} is segment ${header.segment} under another name`)
      const file: Held = { header, fd, start: end, users: 0, kept: !closed }
      users.set(file, file)
      if (!closed) held.set(id, file)
      return file
    } catch (error) {
      closeRead(fd)
      throw error
    }
  }

  function drop(file: Held): void {
    file.kept = false
    held.delete(file.header.segment)
    if (file.users === 0) closeRead(file.fd)
  }

  function keepFew(): void {
    if (held.size <= keptOpen) return
    for (const file of held.values()) {
      if (file.users > 0) continue
      drop(file)
      return
    }
  }

  function heldOne(id: number): SegmentFile | undefined {
    const file = held.get(id)
    if (file === undefined) return undefined
    file.users++
    held.delete(id)
    held.set(id, file)
    return file
  }

  return {
    held: heldOne,
    async acquire(id) {
      const there = heldOne(id)
      if (there !== undefined) return there
      let running = opening.get(id)
      if (running === undefined) {
        running = open(id)
        opening.set(id, running)
        running.finally(() => opening.delete(id)).catch(() => undefined)
      }
      const file = await running
      file.users++
      keepFew()
      return file
    },
    release(file) {
      const known = users.get(file)
      if (known === undefined) return
      known.users--
      if (!known.kept && known.users === 0) closeRead(known.fd)
    },
    forget(id) {
      const file = held.get(id)
      if (file !== undefined) drop(file)
    },
    close() {
      closed = true
      for (const file of held.values()) drop(file)
    },
  }
}
