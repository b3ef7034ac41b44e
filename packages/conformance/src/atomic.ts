import { errorCode, type Bytes } from '@kit/core'
import type { CaseGroup } from './case.ts'
import { all, holds, rejects, same, sameBytes, within } from './expect.ts'
import { sampleBytes, watchedStream } from './samples.ts'
import type { Scene } from './scene.ts'

const chunkBytes = 300_000

/** A body of ten chunks that stops in the middle until it is told to go on. */
function halting(bytes: Bytes): { readonly body: AsyncIterable<Bytes>; readonly halted: Promise<void>; goOn(): void } {
  const halted = Promise.withResolvers<void>()
  const resumed = Promise.withResolvers<void>()
  const body = watchedStream(async (index) => {
    if (index === 5) {
      halted.resolve()
      await resumed.promise
    }
    return index < 10 ? bytes.slice(index * chunkBytes, (index + 1) * chunkBytes) : undefined
  })
  return { body, halted: halted.promise, goOn: () => resumed.resolve() }
}

/** Runs `during` while a write to the key is half done, then ends the write. */
async function halfway(scene: Scene, key: string, bytes: Bytes, during: () => Promise<void>): Promise<void> {
  const { body, halted, goOn } = halting(bytes)
  const write = scene.store.write(key, body)
  try {
    await within(scene.patienceMs, Promise.race([halted, write]), 'writes: a source is pulled soon')
    await during()
  } finally {
    goOn()
    await write
  }
}

export const atomic: CaseGroup = {
  name: 'atomic',
  needs: ['write', 'write.atomic'],
  cases: [
    {
      title: 'while an object is replaced the old one is there, whole, for stat, read and list',
      async run(scene) {
        const key = await scene.put('replaced', 'the old value')
        const bytes = sampleBytes(10 * chunkBytes)
        await halfway(scene, key, bytes, async () => {
          same(await scene.text(key), 'the old value', 'writes: no reader ever sees a part')
          same((await scene.store.stat(key)).size, 13, 'writes: no reader ever sees a part')
          if (scene.capabilities.ops.list === undefined) return
          const entries = await all(scene.store.list(scene.directory, { recursive: true }))
          same(
            entries.map((entry) => [scene.name(entry), entry.size]),
            [['replaced', 13]],
            'writes: a listing shows the old object, and no temporary',
          )
        })
        sameBytes(await scene.get(key), bytes, 'writes: after a resolved write the new object is there')
      },
    },
    {
      title: 'while an object is made it is not there',
      async run(scene) {
        const key = scene.key('made')
        const bytes = sampleBytes(10 * chunkBytes)
        await halfway(scene, key, bytes, async () => {
          await rejects(scene.store.stat(key), 'NotFound', 'writes: no reader ever sees a part')
          await rejects(scene.store.read(key), 'NotFound', 'writes: no reader ever sees a part')
          if (scene.capabilities.ops.list === undefined) return
          const files = (await scene.names()).filter((name) => !name.endsWith('/'))
          same(files, [], 'writes: no listing shows a part or a temporary')
        })
        sameBytes(await scene.get(key), bytes, 'writes: after a resolved write the new object is there')
        const left = (await scene.subject.leftovers?.(scene.store)) ?? []
        same(left, [], 'writes: nothing is left behind')
      },
    },
    {
      title: 'readers of an object that is replaced all the time see one whole object',
      async run(scene) {
        const key = scene.key('torn')
        const length = (scene.full ? 4 : 1) * 2 ** 20
        const rounds = scene.full ? 60 : 12
        const filled = (value: number): Bytes => new Uint8Array(length + value).fill(value)
        await scene.store.write(key, filled(1))
        const writing = { goesOn: true }
        let whole = 0
        const reader = async (): Promise<void> => {
          while (writing.goesOn) {
            const bytes = await scene.get(key).catch((error: unknown) => {
              const code = errorCode(error)
              holds(
                code === 'Conflict' || code === 'ConditionFailed',
                'reads: an object that changed meanwhile is a typed error',
                'Conflict',
                error,
              )
            })
            if (bytes === undefined) continue
            const value = bytes[0] ?? 0
            const torn = bytes.byteLength !== length + value || bytes.some((byte) => byte !== value)
            holds(
              !torn,
              'writes: no reader ever sees a part',
              `one object of ${length + value} bytes`,
              'parts of several',
            )
            whole++
            await new Promise((resolve) => setImmediate(resolve))
          }
        }
        const readers = Promise.all([reader(), reader(), reader()])
        // Whoever fails does so before anybody waits for it.
        readers.catch(() => undefined)
        try {
          for (let round = 1; round <= rounds; round++) await scene.store.write(key, filled((round % 200) + 1))
        } finally {
          writing.goesOn = false
          await readers
        }
        holds(whole > 0, 'reads: an object that is replaced can be read', 'some reads', whole)
      },
    },
    {
      title: 'two writes to one name, each half done in turn: the last one to end is there',
      async run(scene) {
        const key = scene.key('two')
        const [first, second] = [sampleBytes(10 * chunkBytes, 1), sampleBytes(10 * chunkBytes, 2)]
        await halfway(scene, key, first, async () => {
          await scene.store.write(key, second)
          sameBytes(await scene.get(key), second, 'writes: a resolved write is there')
        })
        sameBytes(await scene.get(key), first, 'writes: the last one to end is there')
      },
    },
  ],
}
