import type { Bytes, UploadToken } from '@kit/core'
import { bytesSource } from '@kit/core'
import type { CaseGroup } from './case.ts'
import { rejects, same, sameBytes } from './expect.ts'
import { sampleBytes } from './samples.ts'
import type { Scene } from './scene.ts'

/** The object and its parts: two full ones and a shorter last. */
function cut(token: UploadToken, bytes: Bytes): Bytes[] {
  return [0, 1, 2].map((index) => bytes.slice(index * token.partBytes, (index + 1) * token.partBytes))
}

async function begin(
  scene: Scene,
  name: string,
  options = {},
): Promise<{ token: UploadToken; bytes: Bytes; parts: Bytes[] }> {
  const started = await scene.store.upload.start(scene.key(name), options)
  // A token outlives the process: what is used is what JSON keeps of it.
  const token: UploadToken = JSON.parse(JSON.stringify(started))
  const bytes = sampleBytes(token.partBytes * 2 + 1234)
  return { token, bytes, parts: cut(token, bytes) }
}

async function noUpload(scene: Scene): Promise<void> {
  same((await scene.subject.leftovers?.(scene.store)) ?? [], [], 'uploads: an ended upload leaves no parts')
}

export const upload: CaseGroup = {
  name: 'upload',
  needs: ['write', 'upload'],
  cases: [
    {
      title: 'parts in any order and in parallel become one object, unseen before the end (C7)',
      async run(scene) {
        const { token, bytes, parts } = await begin(scene, 'joined')
        const { part } = scene.store.upload
        await Promise.all(
          [2, 0, 1].map((index) => part(token, index + 1, bytesSource(parts[index] ?? new Uint8Array()))),
        )
        const told = (await scene.store.upload.parts(token)).toSorted((a, b) => a.number - b.number)
        same(
          told,
          parts.map(({ byteLength }, index) => ({ number: index + 1, size: byteLength })),
          'uploads: parts() tells what is there',
        )
        await rejects(scene.store.stat(scene.key('joined')), 'NotFound', 'uploads: nothing is seen before finish')
        await scene.store.upload.finish(token)
        sameBytes(await scene.get(scene.key('joined')), bytes, 'uploads: parts are joined by number')
        await noUpload(scene)
      },
    },
    {
      title: 'a part sent again replaces the first, in another store too',
      async run(scene) {
        const { token, bytes, parts } = await begin(scene, 'again')
        await scene.store.upload.part(token, 1, bytesSource(sampleBytes(token.partBytes, 99)))
        const store = scene.subject.shared === true ? await scene.another() : scene.store
        for (const [index, part] of parts.entries()) await store.upload.part(token, index + 1, bytesSource(part))
        await store.upload.finish(token)
        sameBytes(await scene.get(scene.key('again')), bytes, 'uploads: the same number again replaces a part')
      },
    },
    {
      title: 'a gap in the numbers is InvalidRange and makes nothing',
      async run(scene) {
        const { token, parts } = await begin(scene, 'gap')
        await scene.store.upload.part(token, 1, bytesSource(parts[0] ?? new Uint8Array()))
        await scene.store.upload.part(token, 3, bytesSource(parts[2] ?? new Uint8Array()))
        await rejects(scene.store.upload.finish(token), 'InvalidRange', 'uploads: a gap in the numbers is InvalidRange')
        await rejects(scene.store.stat(scene.key('gap')), 'NotFound', 'uploads: a failed finish makes nothing')
        await scene.store.upload.abort(token)
        await noUpload(scene)
      },
    },
    {
      title: 'an aborted upload makes nothing, and aborting twice is success',
      async run(scene) {
        const { token, parts } = await begin(scene, 'aborted')
        await scene.store.upload.part(token, 1, bytesSource(parts[0] ?? new Uint8Array()))
        await scene.store.upload.abort(token)
        await scene.store.upload.abort(token)
        await rejects(scene.store.stat(scene.key('aborted')), 'NotFound', 'uploads: an aborted one makes nothing')
        await noUpload(scene)
      },
    },
    {
      title: 'conditions given at the start are checked at the end',
      needs: ['write.ifAbsent'],
      async run(scene) {
        const { token, parts } = await begin(scene, 'late', { ifAbsent: true })
        for (const [index, part] of parts.entries()) await scene.store.upload.part(token, index + 1, bytesSource(part))
        await scene.put('late', 'came first')
        await rejects(scene.store.upload.finish(token), 'AlreadyExists', 'uploads: conditions are checked at the end')
        same(await scene.text(scene.key('late')), 'came first', 'uploads: a failed condition changes nothing')
        await scene.store.upload.abort(token)
      },
    },
  ],
}
