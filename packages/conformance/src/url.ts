import type { CaseGroup } from './case.ts'
import { holds, rejects, same, sameBytes } from './expect.ts'
import { sampleBytes } from './samples.ts'

export const url: CaseGroup = {
  name: 'url',
  needs: ['objects to read', 'url'],
  cases: [
    {
      title: 'a link for GET needs no credentials and gives the bytes',
      async run(scene) {
        const bytes = sampleBytes(100_000)
        for (const name of ['plain.bin', 'with space & 100%.bin', 'grüße/世界']) {
          const signed = await scene.store.url(await scene.put(name, bytes), { expiresInSeconds: 60 })
          const response = await fetch(signed.url, { headers: signed.headers ?? {} })
          same(response.status, 200, `urls: a link for GET is answered (${name})`)
          sameBytes(new Uint8Array(await response.arrayBuffer()), bytes, 'urls: a link for GET gives the bytes')
        }
      },
    },
    {
      title: 'a link is made without asking whether the object exists',
      async run(scene) {
        const signed = await scene.store.url(scene.key('not-there'), { expiresInSeconds: 60 })
        const response = await fetch(signed.url, { headers: signed.headers ?? {} })
        await response.body?.cancel()
        holds(response.status >= 400, 'urls: a link to nothing gives nothing', 'a status of failure', response.status)
      },
    },
    {
      title: 'a link for PUT takes the bytes',
      needs: ['write'],
      async run(scene) {
        const bytes = sampleBytes(50_000)
        const signed = await scene.store
          .url(scene.key('put'), { method: 'PUT', expiresInSeconds: 60 })
          .catch((error: unknown) => error)
        if (signed instanceof Error)
          return rejects(Promise.reject(signed), 'Unsupported', 'urls: PUT may be refused').then(() => undefined)
        const { url: address, headers } = Object(signed)
        const response = await fetch(String(address), { method: 'PUT', body: bytes, headers: headers ?? {} })
        holds(response.ok, 'urls: a link for PUT takes the bytes', 'success', response.status)
        sameBytes(await scene.get(scene.key('put')), bytes, 'urls: a link for PUT takes the bytes')
      },
    },
    {
      title: 'a link that is to last no time is refused',
      async run(scene) {
        for (const expiresInSeconds of [0, -1, Number.NaN]) {
          const made = scene.store.url(scene.key('any'), { expiresInSeconds })
          await rejects(made, 'InvalidConfig', 'urls: a link lasts more than no time')
        }
      },
    },
  ],
}
