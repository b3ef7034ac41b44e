import { createHash } from 'node:crypto'
import type { Body, HashName } from '@kit/core'
import type { CaseGroup } from './case.ts'
import { rejects, same, sameBytes } from './expect.ts'
import { inChunks, sampleBytes } from './samples.ts'

const computed: readonly HashName[] = ['sha256', 'sha1', 'md5']
const bytes = sampleBytes(3 * 2 ** 20, 9)
const bodies: readonly { readonly what: string; make(): Body }[] = [
  { what: 'bytes', make: () => bytes.slice() },
  { what: 'a stream', make: () => inChunks(bytes) },
]

export const hashes: CaseGroup = {
  name: 'hashes',
  needs: ['write'],
  cases: [
    {
      title: 'a body that has the hash it was given is written',
      needs: ['write.checks'],
      async run(scene) {
        for (const name of computed) {
          if (scene.capabilities.write?.checks?.includes(name) !== true) continue
          for (const { what, make } of bodies) {
            const key = scene.key(`${name}-${what}`)
            await scene.store.write(key, make(), { hashes: { [name]: createHash(name).update(bytes).digest('hex') } })
            sameBytes(await scene.get(key), bytes, `hashes: a body with the right ${name} is written (${what})`)
          }
        }
      },
    },
    {
      title: 'a body that has another hash publishes nothing; a hash is never ignored (C5)',
      async run(scene) {
        for (const name of computed) {
          const declared = scene.capabilities.write?.checks?.includes(name) === true
          for (const { what, make } of bodies) {
            const key = await scene.put(`wrong-${name}-${what}`, 'the old value')
            const wrong = createHash(name).update('something else').digest('hex')
            const write = scene.store.write(key, make(), { hashes: { [name]: wrong } })
            const codes = declared ? (['Corrupt'] as const) : (['Corrupt', 'Unsupported'] as const)
            await rejects(write, codes, `hashes: a body with another ${name} publishes nothing (${what})`)
            same(await scene.text(key), 'the old value', 'writes: after a failure the old object is there')
          }
        }
      },
    },
    {
      title: 'hashes that entries tell are those of the bytes',
      async run(scene) {
        const key = await scene.put('told', bytes)
        const { hashes: told = {} } = await scene.store.stat(key)
        for (const name of computed) {
          if (told[name] === undefined) continue
          const right = createHash(name).update(bytes).digest('hex')
          same(told[name], right, `hashes: the ${name} that stat tells is that of the bytes`)
        }
      },
    },
  ],
}
