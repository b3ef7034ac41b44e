import { nameFromBytes, storageError } from '@kit/core'
import {
  isReserved,
  missing,
  pathOf,
  split,
  type Folder,
  type Folders,
  type KnownFolder,
  type PlacedFolder,
} from './folders.ts'
import {
  changedNow,
  closeNow,
  fstatNow,
  isRemovedNow,
  openFile,
  openFileNow,
  openFlags,
  pathFlags,
  readlinkNow,
  type FilePath,
} from './fs-client.ts'
import { escapes } from './fs-errors.ts'
import { kindOf, special } from './entry.ts'

interface Open extends KnownFolder, PlacedFolder {
  readonly fd: number
  readonly parent: Open | undefined
  uses: number
  stale: boolean
  /** Since the last look for one to close. */
  asked: boolean
  /** Of each directory above, the root first: when it had last changed at the time of the last look at `link`. */
  seals: readonly number[] | undefined
  nextSealing: number
}

const heldMax = 256
/** A change within a clock tick of another leaves the same time; ticks are 10 ms at most. */
const tickMs = 60

/**
 * Directories by descriptor. A descriptor keeps pointing at its directory wherever that goes; the system shows where it is, and what is
 * done through the descriptor is done there and nowhere else. `descriptors`: the folder where the system shows them.
 *
 * Looking costs 5 µs. While none of the directories above has changed there is no need to look again: that costs 1 µs for each.
 */
export function openFolders(rootPath: string, rootFd: number, descriptors: string): Folders {
  const cache = new Map<string, Open>()
  const opening = new Map<string, Promise<Open>>()
  const rootPlace = latin1(rootPath)
  const top = rootPath === '/' ? '/' : `${rootPath}/`
  const root = folder('', rootFd, undefined, rootPlace)
  root.uses = 1
  let closed = false

  function folder(key: string, fd: number, parent: Open | undefined, place: string): Open {
    const link = parent === undefined ? undefined : `${descriptors}/${fd}`
    const usual = key === '' ? top : `${top}${key}/`
    // The root's own path is the caller's business.
    const prefix = link === undefined ? top : `${link}/`
    return {
      key,
      path: link === undefined ? rootPath : `${link}/.`,
      at: (name) => pathOf(prefix + name),
      plain: (name) => pathOf(usual + name),
      fd,
      parent,
      link,
      place,
      uses: 1,
      stale: false,
      asked: true,
      seals: undefined,
      nextSealing: 0,
    }
  }

  function placeOf(key: string): string {
    return key === '' ? rootPlace : `${rootPlace === '/' ? '' : rootPlace}/${latin1(key)}`
  }

  function isInPlace(held: Open): boolean {
    if (held.seals !== undefined) {
      if (sealsHold(held, held.seals)) return true
      held.seals = undefined
    }
    if (performance.now() >= held.nextSealing) return seal(held)
    return isAtItsPlace(held)
  }

  function isAtItsPlace({ fd, place }: Open): boolean {
    return readlinkNow(`${descriptors}/${fd}`) === place
  }

  function sealsHold(held: Open, seals: readonly number[]): boolean {
    let above = held.parent
    for (let at = seals.length - 1; at >= 0 && above !== undefined; at--, above = above.parent) {
      if (changedNow(above.fd) !== seals[at]) return false
    }
    return true
  }

  /** Notes the times first and looks afterwards, so that a change between the two is found out. */
  function seal(held: Open): boolean {
    const latest = Date.now() - tickMs
    held.nextSealing = performance.now() + tickMs / 2
    const seals: number[] = []
    for (let above = held.parent; above !== undefined; above = above.parent) seals.unshift(changedNow(above.fd))
    if (!isAtItsPlace(held)) return false
    if (seals.some((time) => time > latest)) return true
    for (let above = held.parent; above !== undefined; above = above.parent) {
      if (!isAtItsPlace(above)) return true
    }
    held.seals = seals
    return true
  }

  function held(key: string): Open | undefined {
    if (closed) throw closedError()
    if (key === '') {
      root.uses++
      return root
    }
    const found = cache.get(key)
    if (found === undefined) return undefined
    if (!isInPlace(found)) {
      cache.delete(key)
      found.stale = true
      if (found.uses === 0) destroy(found)
      return undefined
    }
    found.asked = true
    found.uses++
    return found
  }

  function kept(key: string): Open | undefined {
    if (closed) throw closedError()
    const found = key === '' ? root : cache.get(key)
    if (found === undefined) return undefined
    found.asked = true
    found.uses++
    return found
  }

  /** Whoever comes while another opens the same directory waits for that. */
  async function open(key: string): Promise<Open> {
    const other = opening.get(key)
    if (other !== undefined) {
      await other.catch(() => undefined)
      const found = held(key)
      if (found !== undefined) return found
    }
    const own = openAnew(key)
    opening.set(key, own)
    try {
      return await own
    } finally {
      if (opening.get(key) === own) opening.delete(key)
    }
  }

  async function openAnew(key: string): Promise<Open> {
    for (let wanted = key, tries = 0; tries < 40; tries++) {
      const found = held(wanted)
      if (found !== undefined) return found
      const fd = await openFile(plain(wanted), pathFlags.directory)
      const place = whereIs(fd)
      if (place === placeOf(wanted)) {
        const opened = await adopt(wanted, fd, place)
        if (opened !== undefined) return opened
      } else {
        closeNow(fd)
        wanted = keyAt(place)
      }
    }
    throw storageError('Unavailable', 'the directories on the way are being moved about')
  }

  function plain(key: string): FilePath {
    return pathOf(top + key)
  }

  function whereIs(fd: number): string {
    // The place of a directory that was removed ends in ' (deleted)', which might be another one's name.
    if (!isRemovedNow(fd)) return readlinkNow(`${descriptors}/${fd}`)
    closeNow(fd)
    throw missing()
  }

  /** The key of a true place. @throws PermissionDenied where there is none */
  function keyAt(place: string): string {
    if (place === rootPlace) return ''
    const prefix = rootPlace === '/' ? '/' : `${rootPlace}/`
    const key = nameFromBytes(Buffer.from(place.slice(prefix.length), 'latin1'))
    if (!place.startsWith(prefix) || isReserved(key)) throw escapes()
    return key
  }

  async function adopt(key: string, fd: number, place: string): Promise<Open | undefined> {
    let parent: Open
    try {
      parent = await open(split(key)[0])
    } catch (error) {
      closeNow(fd)
      throw error
    }
    if (closed || cache.has(key) || placeOf(split(key)[0]) !== parent.place) {
      closeNow(fd)
      release(parent)
      return undefined
    }
    const opened = folder(key, fd, parent, place)
    cache.set(key, opened)
    if (cache.size > heldMax) evict()
    return opened
  }

  /** Closes the oldest that nobody has asked for lately. */
  function evict(): void {
    for (const [key, old] of cache) {
      if (old.uses > 0) continue
      cache.delete(key)
      if (!old.asked) {
        destroy(old)
        return
      }
      old.asked = false
      cache.set(key, old)
    }
  }

  function destroy(old: Open): void {
    closeNow(old.fd)
    if (old.parent !== undefined) release(old.parent)
  }

  function own(given: Folder): Open {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whoever has a folder got it here
    return given as Open
  }

  function release(given: Folder): void {
    const one = own(given)
    one.uses--
    if (one.uses === 0 && one.stale) destroy(one)
  }

  function visited(key: string, fd: number): Open {
    if (whereIs(fd) !== placeOf(key)) {
      closeNow(fd)
      throw missing()
    }
    const found = folder(key, fd, root, placeOf(key))
    root.uses++
    found.stale = true
    return found
  }

  function known(key: string): Open | undefined {
    const found = kept(key)
    if (found === undefined || found.seals !== undefined || found === root) return found
    release(found)
    return undefined
  }

  return {
    held,
    kept,
    known,
    confirm(given) {
      const one = own(given)
      if (one === root) return true
      if (one.seals !== undefined && sealsHold(one, one.seals)) return true
      one.seals = undefined
      return false
    },
    open,
    async visit(key) {
      return key === '' ? open('') : visited(key, await openFile(plain(key), pathFlags.realDirectory))
    },
    visitNow: (key) => visited(key, openFileNow(plain(key), pathFlags.realDirectory)),
    release,
    recheck: () => undefined,
    async follow(within, name) {
      // Named first and opened afterwards: opening a pipe or a device outside would be felt there.
      const named = await openFile(within.at(name), pathFlags.follow)
      try {
        keyAt(readlinkNow(`${descriptors}/${named}`))
        if (kindOf(fstatNow(named)) === undefined) throw special()
        return await openFile(`${descriptors}/${named}`, openFlags.readFollowing)
      } finally {
        closeNow(named)
      }
    },
    close() {
      if (closed) return
      closed = true
      for (const one of cache.values()) {
        one.stale = true
        if (one.uses === 0) destroy(one)
      }
      cache.clear()
      root.stale = true
      release(root)
    },
  }
}

function closedError(): Error {
  return storageError('Aborted', 'the store is closed')
}

function latin1(text: string): string {
  const path = pathOf(text)
  return Buffer.from(path).toString('latin1')
}
