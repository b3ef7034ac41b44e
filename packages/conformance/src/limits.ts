import type { CaseGroup } from './case.ts'
import { rejects, same } from './expect.ts'
import { inChunks, sampleBytes } from './samples.ts'
import type { Scene } from './scene.ts'

/** Longest key that core itself takes, in UTF-16 units. */
const coreMax = 32_768

/** A name below the case's directory that makes the whole key so many bytes long, of segments no longer than allowed. */
function nameOf(scene: Scene, keyBytes: number): string {
  const segmentMax = Math.min(scene.capabilities.keys.segmentMaxBytes ?? 200, 200)
  let left = keyBytes - scene.directory.length - 1
  const segments: string[] = []
  while (left > segmentMax) {
    // Leaves at least one byte for the last segment.
    const take = left - segmentMax - 1 === 0 ? segmentMax - 1 : segmentMax
    segments.push('k'.repeat(take))
    left -= take + 1
  }
  segments.push('k'.repeat(left))
  return segments.join('/')
}

export const limits: CaseGroup = {
  name: 'limits',
  needs: ['write'],
  cases: [
    {
      title: 'a key of the declared length is kept, and one byte more is InvalidKey',
      async run(scene) {
        const { maxBytes } = scene.capabilities.keys
        if (maxBytes <= coreMax) {
          const name = nameOf(scene, maxBytes)
          await scene.put(name, 'fits')
          same(await scene.text(scene.key(name)), 'fits', 'limits: a key of the declared length is kept')
          same((await scene.store.stat(scene.key(name))).key, scene.key(name), 'limits: a long key is not cut')
        }
        const longer = scene.key(nameOf(scene, Math.min(maxBytes, coreMax) + 1))
        await rejects(scene.store.write(longer, 'x'), 'InvalidKey', 'limits: a longer key is InvalidKey')
        await rejects(scene.store.stat(longer), ['InvalidKey', 'NotFound'], 'limits: a longer key is not there')
      },
    },
    {
      title: 'a segment of the declared length is kept, in ASCII and beyond, and one byte more is InvalidKey',
      async run(scene) {
        const max = scene.capabilities.keys.segmentMaxBytes
        if (max === undefined || max + scene.directory.length + 2 > Math.min(scene.capabilities.keys.maxBytes, coreMax))
          return
        const { unicode, caseSensitive } = scene.capabilities.keys
        const letters = unicode === 'exact' && caseSensitive ? ['s', 'é', '語'] : ['s']
        for (const letter of letters) {
          const bytes = Buffer.byteLength(letter)
          const name = letter.repeat(Math.floor(max / bytes)) + 's'.repeat(max % bytes)
          await scene.put(name, name)
          same(await scene.text(scene.key(name)), name, 'limits: a segment of the declared length is kept')
          const write = scene.store.write(scene.key(`${name}s`), 'x')
          await rejects(write, 'InvalidKey', 'limits: a longer segment is InvalidKey')
        }
      },
    },
    {
      title: 'an object of the declared length is kept, and of one byte more is TooLarge',
      needs: ['small write.maxBytes'],
      async run(scene) {
        const max = scene.capabilities.write?.maxBytes ?? 0
        await scene.store.write(scene.key('fits'), sampleBytes(max))
        same((await scene.store.stat(scene.key('fits'))).size, max, 'limits: an object of the declared length is kept')
        const more = sampleBytes(max + 1)
        await rejects(scene.store.write(scene.key('more'), more), 'TooLarge', 'limits: a longer object is TooLarge')
        const streamed = scene.store.write(scene.key('more'), inChunks(more))
        await rejects(streamed, 'TooLarge', 'limits: a longer object is TooLarge, of unknown length too')
        await rejects(scene.store.stat(scene.key('more')), 'NotFound', 'writes: a failed write leaves no object')
      },
    },
  ],
}
