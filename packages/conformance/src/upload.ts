import type { Bytes, Store, UploadToken } from '@kit/core'
import { bytesSource } from '@kit/core'
import { sampleAttributes } from './attributes.ts'
import type { CaseGroup } from './case.ts'
import { all, holds, rejection, rejects, same, sameBytes } from './expect.ts'
import { inChunks, sampleBytes } from './samples.ts'
import type { Scene } from './scene.ts'
import { tokenCases } from './upload-tokens.ts'

const lastBytes = 1234

/** An upload that was begun, as JSON keeps its token: it outlives the process. */
async function begin(scene: Scene, name: string, options = {}): Promise<UploadToken> {
  return JSON.parse(JSON.stringify(await scene.store.upload.start(scene.key(name), options)))
}

/** Two full parts and a shorter last one. */
function cut({ partBytes }: UploadToken, bytes: Bytes): Bytes[] {
  return [0, 1, 2].map((index) => bytes.slice(index * partBytes, (index + 1) * partBytes))
}

function whole({ partBytes }: UploadToken): Bytes {
  return sampleBytes(partBytes * 2 + lastBytes)
}

async function send(store: Store, token: UploadToken, number: number, bytes: Bytes | string): Promise<void> {
  const body = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
  await store.upload.part(token, number, bytesSource(body))
}

async function noUpload(scene: Scene): Promise<void> {
  same((await scene.subject.leftovers?.(scene.store)) ?? [], [], 'uploads: an ended upload leaves no parts')
}

/** What is told to be there, in the order of the numbers. */
async function told(store: Store, token: UploadToken): Promise<{ number: number; size: number }[]> {
  return (await store.upload.parts(token))
    .map(({ number, size }) => ({ number, size }))
    .toSorted((a, b) => a.number - b.number)
}

export const upload: CaseGroup = {
  name: 'upload',
  needs: ['write', 'upload'],
  cases: [
    {
      title: 'parts in any order and in parallel become one object, unseen before the end (C7)',
      async run(scene) {
        const token = await begin(scene, 'joined')
        const bytes = whole(token)
        const parts = cut(token, bytes)
        await Promise.all([2, 0, 1].map((index) => send(scene.store, token, index + 1, parts[index] ?? '')))
        const sizes = parts.map(({ byteLength }, index) => ({ number: index + 1, size: byteLength }))
        same(await told(scene.store, token), sizes, 'uploads: parts() tells what is there')
        await rejects(scene.store.stat(scene.key('joined')), 'NotFound', 'uploads: nothing is seen before finish')
        await scene.store.upload.finish(token)
        sameBytes(await scene.get(scene.key('joined')), bytes, 'uploads: parts are joined by number')
        await noUpload(scene)
      },
    },
    {
      title: 'what is there stays as it was until the end, and in listings too',
      needs: ['list'],
      async run(scene) {
        await scene.put('old', 'old')
        const tokens = [await begin(scene, 'old'), await begin(scene, 'new')]
        for (const token of tokens) await send(scene.store, token, 1, 'new')
        same(await scene.text(scene.key('old')), 'old', 'uploads: nothing is seen before finish')
        same(await scene.names(), ['old'], 'uploads: an upload in progress is in no listing')
        for (const token of tokens) await scene.store.upload.finish(token)
        same(await scene.text(scene.key('old')), 'new', 'uploads: finish replaces what is there')
        same(await scene.names(), ['new', 'old'], 'uploads: a finished upload is an object like any other')
        await noUpload(scene)
      },
    },
    {
      title: 'a part sent again replaces the first',
      async run(scene) {
        const token = await begin(scene, 'again')
        const bytes = whole(token)
        await send(scene.store, token, 1, sampleBytes(token.partBytes, 99))
        await send(scene.store, token, 3, sampleBytes(lastBytes * 2, 98))
        for (const [index, part] of cut(token, bytes).entries()) await send(scene.store, token, index + 1, part)
        await scene.store.upload.finish(token)
        sameBytes(await scene.get(scene.key('again')), bytes, 'uploads: the same number again replaces a part')
        await noUpload(scene)
      },
    },
    {
      title: 'another store goes on with an upload, by its token alone (C7)',
      needs: ['a shared store'],
      async run(scene) {
        const token = await begin(scene, 'resumed')
        const bytes = whole(token)
        const parts = cut(token, bytes)
        await send(scene.store, token, 2, parts[1] ?? '')
        const store = await scene.another()
        same(await told(store, token), [{ number: 2, size: token.partBytes }], 'uploads: another store sees the parts')
        await Promise.all([send(store, token, 1, parts[0] ?? ''), send(scene.store, token, 3, parts[2] ?? '')])
        await store.upload.finish(token)
        sameBytes(await scene.get(scene.key('resumed')), bytes, 'uploads: parts of two stores are joined')
        await noUpload(scene)
      },
    },
    {
      title: 'a gap in the numbers is InvalidRange and makes nothing',
      async run(scene) {
        const token = await begin(scene, 'gap')
        const full = sampleBytes(token.partBytes)
        await send(scene.store, token, 1, full)
        await send(scene.store, token, 3, 'last')
        await rejects(scene.store.upload.finish(token), 'InvalidRange', 'uploads: a gap in the numbers is InvalidRange')
        await rejects(scene.store.stat(scene.key('gap')), 'NotFound', 'uploads: a failed finish makes nothing')
        await send(scene.store, token, 2, full)
        await scene.store.upload.finish(token)
        const { size } = await scene.store.stat(scene.key('gap'))
        same(size, token.partBytes * 2 + 4, 'uploads: a closed gap can be finished')
        await noUpload(scene)
      },
    },
    {
      title: 'without a part there is nothing to finish',
      async run(scene) {
        const token = await begin(scene, 'none')
        await rejects(scene.store.upload.finish(token), 'InvalidRange', 'uploads: no part at all is InvalidRange')
        await rejects(scene.store.stat(scene.key('none')), 'NotFound', 'uploads: a failed finish makes nothing')
        await scene.store.upload.abort(token)
        await noUpload(scene)
      },
    },
    {
      title: 'a short part that is not the last is InvalidRange',
      async run(scene) {
        const token = await begin(scene, 'short')
        await send(scene.store, token, 1, 'short')
        await send(scene.store, token, 2, 'last')
        await rejects(scene.store.upload.finish(token), 'InvalidRange', 'uploads: only the last part may be shorter')
        await rejects(scene.store.stat(scene.key('short')), 'NotFound', 'uploads: a failed finish makes nothing')
        await scene.store.upload.abort(token)
        await noUpload(scene)
      },
    },
    {
      title: 'parts of another length than was announced are Corrupt',
      async run(scene) {
        const token = await begin(scene, 'announced', { size: 5 })
        await send(scene.store, token, 1, 'four')
        await rejects(scene.store.upload.finish(token), 'Corrupt', 'uploads: another length than `size` is Corrupt')
        await rejects(scene.store.stat(scene.key('announced')), 'NotFound', 'uploads: a failed finish makes nothing')
        await send(scene.store, token, 1, 'five!')
        await scene.store.upload.finish(token)
        same(await scene.text(scene.key('announced')), 'five!', 'uploads: what was mended can be finished')
        await noUpload(scene)
      },
    },
    {
      title: 'parts are large enough for the size, within what the capabilities say',
      async run(scene) {
        const { upload: limits, write } = scene.capabilities
        holds(limits !== undefined, 'uploads: the limits are declared', 'capabilities.upload', limits)
        const { partMinBytes, partMaxBytes, partsMax } = limits
        const most = Math.min(write?.maxBytes ?? Number.MAX_SAFE_INTEGER, partMaxBytes * partsMax)
        for (const size of [0, 1, partMinBytes, Math.floor(most / 1000), most]) {
          const token = await begin(scene, 'sized', { size })
          const fits = token.partBytes >= partMinBytes && token.partBytes <= partMaxBytes
          holds(fits, 'uploads: `partBytes` is within the limits', limits, token.partBytes)
          const holdsAll = token.partBytes * partsMax >= size
          holds(holdsAll, 'uploads: all parts together hold `size`', size, token.partBytes * partsMax)
          await scene.store.upload.abort(token)
        }
        const token = await begin(scene, 'sized')
        const long = bytesSource(new Uint8Array(token.partBytes + 1))
        const { part } = scene.store.upload
        await rejects(part(token, 1, long), 'TooLarge', 'uploads: a part longer than `partBytes` is TooLarge')
        await rejects(part(token, partsMax + 1, bytesSource(new Uint8Array(1))), 'InvalidRange', 'uploads: partsMax')
        await rejects(part(token, 0, bytesSource(new Uint8Array(1))), 'InvalidConfig', 'uploads: numbers begin at 1')
        same(await told(scene.store, token), [], 'uploads: a refused part is not there')
        await scene.store.upload.abort(token)
        await noUpload(scene)
      },
    },
    {
      title: 'a part that breaks off does not count (C7)',
      async run(scene) {
        const token = await begin(scene, 'broken')
        const failure = new RangeError('the source of a part failed')
        const source = (fails: boolean) => ({
          open: () =>
            (async function* () {
              yield* inChunks(sampleBytes(Math.min(token.partBytes, 300_000)))
              if (fails) throw failure
            })(),
        })
        const came = await rejection(scene.store.upload.part(token, 1, source(true)), 'uploads: a broken part fails')
        holds(came === failure, "uploads: a source's own failure is thrown as it came", failure, came)
        same(await told(scene.store, token), [], 'uploads: a part counts only when all of it is there')
        await scene.store.upload.part(token, 1, source(false))
        await scene.store.upload.finish(token)
        sameBytes(
          await scene.get(scene.key('broken')),
          sampleBytes(Math.min(token.partBytes, 300_000)),
          'uploads: a part sent again after it broke off',
        )
        await noUpload(scene)
      },
    },
    {
      title: 'an aborted upload makes nothing, and aborting twice is success',
      async run(scene) {
        const token = await begin(scene, 'aborted')
        await send(scene.store, token, 1, 'part')
        await scene.store.upload.abort(token)
        await scene.store.upload.abort(token)
        await rejects(scene.store.stat(scene.key('aborted')), 'NotFound', 'uploads: an aborted one makes nothing')
        await rejects(send(scene.store, token, 2, 'late'), 'NotFound', 'uploads: an aborted one takes no part')
        await rejects(scene.store.upload.parts(token), 'NotFound', 'uploads: an aborted one has no parts')
        await rejects(scene.store.upload.finish(token), 'NotFound', 'uploads: an aborted one cannot be finished')
        await noUpload(scene)
      },
    },
    {
      title: 'what is finished stays finished, whatever is done with its token',
      async run(scene) {
        const token = await begin(scene, 'twice')
        await send(scene.store, token, 1, 'first')
        await scene.store.upload.finish(token)
        await scene.put('twice', 'second')
        // Some servers give the first answer again.
        await scene.store.upload.finish(token).catch(async (error: unknown) => {
          await rejects(Promise.reject(error), 'NotFound', 'uploads: an ended upload is NotFound')
        })
        await rejects(send(scene.store, token, 1, 'third'), 'NotFound', 'uploads: a finished one takes no part')
        await scene.store.upload.abort(token)
        same(await scene.text(scene.key('twice')), 'second', 'uploads: finishing twice changes nothing')
        await noUpload(scene)
      },
    },
    {
      title: 'attributes given at the start are kept',
      async run(scene) {
        const declared = scene.capabilities.write?.attributes ?? []
        const given = Object.fromEntries(declared.map((name) => [name, sampleAttributes[name]]))
        const token = await begin(scene, 'attributes', given)
        await send(scene.store, token, 1, 'x')
        await scene.store.upload.finish(token)
        const entry = await scene.store.stat(scene.key('attributes'))
        for (const name of declared) same(entry[name], given[name], `uploads: ${name} is kept`)
      },
    },
    {
      title: 'conditions given at the start are checked at the end',
      needs: ['write.ifAbsent'],
      async run(scene) {
        const token = await begin(scene, 'late', { ifAbsent: true })
        await send(scene.store, token, 1, 'part')
        await scene.put('late', 'came first')
        await rejects(scene.store.upload.finish(token), 'AlreadyExists', 'uploads: conditions are checked at the end')
        same(await scene.text(scene.key('late')), 'came first', 'uploads: a failed condition changes nothing')
        await scene.store.upload.abort(token)
        const free = await begin(scene, 'free', { ifAbsent: true })
        await send(scene.store, free, 1, 'part')
        await scene.store.upload.finish(free)
        same(await scene.text(scene.key('free')), 'part', 'uploads: a condition that holds is none in the way')
        await noUpload(scene)
      },
    },
    {
      title: 'an etag given at the start is compared at the end',
      needs: ['write.ifMatch'],
      async run(scene) {
        const key = await scene.put('pinned', 'one')
        const { etag: ifMatch } = await scene.store.stat(key)
        const [kept, lost] = [await begin(scene, 'pinned', { ifMatch }), await begin(scene, 'pinned', { ifMatch })]
        await send(scene.store, kept, 1, 'two')
        await send(scene.store, lost, 1, 'three')
        await scene.store.upload.finish(kept)
        same(await scene.text(key), 'two', 'uploads: a condition that holds is none in the way')
        await rejects(scene.store.upload.finish(lost), 'ConditionFailed', 'uploads: conditions are checked at the end')
        same(await scene.text(key), 'two', 'uploads: a failed condition changes nothing')
        await scene.store.upload.abort(lost)
        await noUpload(scene)
      },
    },
    {
      title: 'uploads in progress are listed, and good to go on with',
      needs: ['upload.list'],
      async run(scene) {
        const store = scene.subject.shared === true ? await scene.another() : scene.store
        const mine = async (): Promise<UploadToken[]> => {
          const tokens = await all(store.upload.list())
          return tokens
            .filter(({ key }) => key.startsWith(`${scene.directory}/`))
            .toSorted((a, b) => (a.key < b.key ? -1 : 1))
        }
        same(await mine(), [], 'uploads: what is not begun is not listed')
        const tokens = [await begin(scene, 'a %'), await begin(scene, 'b'), await begin(scene, 'c')]
        const keys = async (): Promise<string[]> => (await mine()).map(({ key }) => key)
        same(
          await keys(),
          tokens.map(({ key }) => key),
          'uploads: list() tells every one in progress',
        )
        const [first, second, third] = await mine()
        if (first === undefined || second === undefined || third === undefined) throw new Error('three were begun')
        same(first.partBytes, tokens[0]?.partBytes, 'uploads: a listed token is as good as the first')
        await send(store, first, 1, 'x')
        await store.upload.finish(first)
        await store.upload.abort(second)
        same(await keys(), [scene.key('c')], 'uploads: what has ended is not listed')
        same(await scene.text(scene.key('a %')), 'x', 'uploads: a listed token is as good as the first')
        await store.upload.abort(third)
        await noUpload(scene)
      },
    },
    ...tokenCases,
  ],
}
