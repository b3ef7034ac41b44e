import { isStorageError } from '@kit/core'
import type { CaseGroup } from './case.ts'
import { all, holds, rejection, rejects, same, sameBytes, within } from './expect.ts'
import { sampleBytes, untilAbort, watchedStream } from './samples.ts'
import type { Scene } from './scene.ts'

const mebibyte = 2 ** 20

/** Rejects soon with Aborted, and by the name that the platform gives to a cancelled call. */
async function abortedSoon(scene: Scene, work: Promise<unknown>, what: string): Promise<void> {
  const rule = `cancelling: ${what} rejects soon after the signal aborts`
  const error = await within(scene.patienceMs, rejection(work, rule), rule)
  const code = isStorageError(error) ? error.code : undefined
  holds(code === 'Aborted', `cancelling: ${what} rejects with Aborted`, 'Aborted', error)
  same(Object(error).name, 'AbortError', 'cancelling: the error goes by the name AbortError')
}

export const abort: CaseGroup = {
  name: 'abort',
  needs: ['objects to read'],
  cases: [
    {
      title: 'a signal that has aborted already stops every call before it begins',
      async run(scene) {
        const key = await scene.put('there', 'x')
        const signal = AbortSignal.abort()
        const before = await scene.subject.requests?.()
        const { ops } = scene.capabilities
        const { store } = scene
        await abortedSoon(scene, store.stat(key, { signal }), 'stat')
        await abortedSoon(scene, store.read(key, { signal }), 'read')
        if (ops.write !== undefined) await abortedSoon(scene, store.write(scene.key('new'), 'y', { signal }), 'write')
        if (ops.write !== undefined) await abortedSoon(scene, store.write(key, 'y', { signal }), 'write')
        if (ops.delete !== undefined) await abortedSoon(scene, store.delete(key, { signal }), 'delete')
        if (ops.copy !== undefined) await abortedSoon(scene, store.copy(key, scene.key('new'), { signal }), 'copy')
        if (ops.list !== undefined) {
          await abortedSoon(scene, all(store.list(scene.directory, { signal })), 'list')
        }
        same(
          await scene.subject.requests?.(),
          before,
          'cancelling: a call that is cancelled beforehand makes no request',
        )
        same(await scene.text(key), 'x', 'cancelling: a cancelled call changes nothing')
        await rejects(store.stat(scene.key('new')), 'NotFound', 'cancelling: a cancelled call changes nothing')
      },
    },
    {
      title: 'a write whose source stands still ends with the signal and leaves the old object',
      needs: ['write'],
      async run(scene) {
        const key = await scene.put('stalled', 'the old value')
        for (const chunks of [0, 1, 40]) {
          const controller = new AbortController()
          const reached = Promise.withResolvers<void>()
          const body = watchedStream(async (index) => {
            if (index < chunks) return sampleBytes(100_000, index + 1)
            reached.resolve()
            // Longer than the call: a source need not know of its signal.
            await new Promise((resolve) => setTimeout(resolve, scene.patienceMs * 2).unref())
            return undefined
          })
          const write = scene.store.write(key, body, { signal: controller.signal })
          await within(scene.patienceMs, Promise.race([reached.promise, write]), 'writes: a source is pulled soon')
          controller.abort()
          await abortedSoon(scene, write, 'write')
          same(await scene.text(key), 'the old value', 'cancelling: a cancelled write leaves the old object')
        }
        same(
          (await scene.subject.leftovers?.(scene.store)) ?? [],
          [],
          'cancelling: a cancelled write leaves nothing behind',
        )
      },
    },
    {
      title: 'a cancelled write of a new object makes none and pulls its source no further',
      needs: ['write'],
      async run(scene) {
        const controller = new AbortController()
        const body = watchedStream(async (index) => {
          if (index === 20) controller.abort()
          await new Promise((resolve) => setImmediate(resolve))
          return sampleBytes(50_000, index + 1)
        })
        await abortedSoon(scene, scene.store.write(scene.key('endless'), body, { signal: controller.signal }), 'write')
        await rejects(
          scene.store.stat(scene.key('endless')),
          'NotFound',
          'cancelling: a cancelled write makes no object',
        )
        const pulled = body.pulled
        await new Promise((resolve) => setTimeout(resolve, 30))
        const more = body.pulled - pulled
        holds(more <= 2, 'cancelling: the source of a cancelled write is pulled no further', 'no more', `${more} more`)
        same(
          (await scene.subject.leftovers?.(scene.store)) ?? [],
          [],
          'cancelling: a cancelled write leaves nothing behind',
        )
      },
    },
    {
      title: 'an aborted read breaks off with Aborted, and the object stays readable',
      async run(scene) {
        const bytes = sampleBytes(8 * mebibyte)
        const key = await scene.put('read', bytes)
        const controller = new AbortController()
        const reading = await scene.store.read(key, { signal: controller.signal })
        if (reading.whole === undefined) {
          const rest = async (): Promise<number> => {
            let length = 0
            for await (const chunk of reading) {
              length += chunk.byteLength
              controller.abort()
              if (length >= bytes.byteLength) await untilAbort(AbortSignal.timeout(scene.patienceMs * 2))
            }
            return length
          }
          const first = await within(
            scene.patienceMs,
            rejection(rest(), 'cancelling: an aborted read breaks off'),
            'cancelling: soon',
          )
          await abortedSoon(scene, Promise.reject(first), 'a body')
        }
        sameBytes(await scene.get(key), bytes, 'cancelling: an aborted read leaves the store usable')
      },
    },
    {
      title: 'an aborted listing breaks off with Aborted',
      needs: ['list'],
      async run(scene) {
        for (let index = 0; index < 12; index++) await scene.put(`n-${index}`, 'x')
        const controller = new AbortController()
        const pages = scene.store.list(scene.directory, { limit: 2, signal: controller.signal }).pages()
        const rest = async (): Promise<void> => {
          for await (const { entries } of pages) {
            holds(entries.length <= 2, 'lists: a page has at most `limit` entries', 2, entries.length)
            controller.abort()
          }
        }
        await abortedSoon(scene, rest(), 'a listing')
      },
    },
    {
      title: 'an abort after the call is over changes nothing',
      needs: ['write'],
      async run(scene) {
        const controller = new AbortController()
        const { signal } = controller
        await scene.store.write(scene.key('over'), 'done', { signal })
        const reading = await scene.store.read(scene.key('over'), { signal })
        const text = await reading.text()
        controller.abort()
        same([text, await scene.text(scene.key('over'))], ['done', 'done'], 'cancelling: what is over is over')
      },
    },
  ],
}
