import { contentOf, importCar, importFile, parseCid, profiles, type BlockCall, type Profile } from '@kit/content'
import { storageError, type Content } from '@kit/core'
import type { Packs } from './packs.ts'
import { changeTo } from './pins.ts'
import type { PinRecord } from './records.ts'
import { noMarks, walk } from './walk.ts'

/** Files and trees by CID. Every block is checked. */
export function readingContent(opened: (call: BlockCall) => Promise<Packs>): Content {
  const reader = contentOf({
    get: async (cid, call) => (await opened(call)).get(parseCid(cid), call),
  })
  return {
    read: (context, path, { range }) => reader.read(path, { range, signal: context.signal }),
    stat: (context, path) => reader.stat(path, { signal: context.signal }),
    list: (context, path) => reader.list(path, { signal: context.signal }),
    car: (context, path, { scope }) => reader.car(path, { scope, signal: context.signal }),
  }
}

/** Files and trees by CID. What is put is durable as the store promises when the call resolves; what a failed call has written goes with a collection. */
export function contentGroup(opened: (call: BlockCall) => Promise<Packs>): Content {
  return {
    ...readingContent(opened),
    async put(context, source, { profile, pin = false }) {
      if (!isProfile(profile)) {
        const known = Object.keys(profiles).join(', ')
        throw storageError('Unsupported', `the profile ${JSON.stringify(profile)} is not known; there are ${known}`)
      }
      const packs = await opened(context)
      using _ = packs.leases.begin(undefined)
      const { cid, size } = await importFile(source, writerOf(packs), { profile, signal: context.signal })
      if (pin) await addPin(packs, cid, { mode: 'recursive', metadata: { profile } })
      await packs.settle()
      return { kind: 'file', key: cid, size, cid, etag: `"${cid}"` }
    },
    async importCar(context, source, { pin = false }) {
      const packs = await opened(context)
      using _ = packs.leases.begin(undefined)
      const roots = await importCar(source, writerOf(packs), { signal: context.signal })
      if (pin) {
        const touch = (row: number): void => packs.index.touch(row, packs.leases.epoch)
        for (const root of roots) await walk(packs, root, noMarks(), context, touch)
        for (const root of roots) await addPin(packs, root, { mode: 'recursive' })
      }
      await packs.settle()
      return roots
    },
  }
}

function isProfile(text: string): text is Profile {
  return Object.hasOwn(profiles, text)
}

/** Blocks come one by one; whoever puts them all waits for the disk once, at the end. */
function writerOf(packs: Packs): { put(cid: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> } {
  return { put: (cid, bytes) => packs.put(parseCid(cid), bytes, 'process') }
}

/** A pin that is there already keeps its name and what was said of it. */
async function addPin(packs: Packs, cid: string, is: PinRecord): Promise<void> {
  await packs.change(`pin ${cid}`, () => {
    const was = packs.state.pins.get(cid)
    return was?.mode === 'recursive' ? undefined : changeTo(cid, is, was)
  })
}
