// Writes one of two values over and over, whole and as streams, with and without conditions, until it is killed.
import type { Bytes, Source } from '@kit/core'
import { openStore, stream } from '../support.ts'

const [, , root = '', size = '0'] = process.argv
const store = openStore({ path: root })
process.stdout.write('ready\n')
for (let round = 0; ; round++) {
  const value = new Uint8Array(Number(size)).fill(round % 2 === 0 ? 65 : 66)
  const body = (): Source | Bytes => (round % 3 === 0 ? stream([value.subarray(0, 1000), value.subarray(1000)]) : value)
  const { etag } = await store.stat('d/x')
  await store.put('d/x', body(), round % 4 === 0 ? { ifMatch: etag } : {})
  await store.put(`new/${round}/y`, body(), { ifAbsent: true })
}
