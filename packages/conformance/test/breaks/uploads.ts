import { storageError, type Bytes, type Upload, type UploadToken } from '@kit/core'
import type { Break } from '../reference/subject.ts'
import type { Started, World } from '../reference/world.ts'
import type { Broken } from './broken.ts'

function onUpload(change: (upload: Required<Upload>, world: World) => Partial<Upload>): Break {
  return (backend, world) => {
    const { upload } = backend
    if (upload === undefined) return backend
    return { ...backend, upload: { ...upload, ...change(upload as Required<Upload>, world) } }
  }
}

/** Finishes after the parts were made something else. */
function onParts(change: (started: Started) => [number, Bytes][] | undefined): Break {
  return onUpload((upload, world) => ({
    async finish(context, token) {
      const started = world.token(token)
      const changed = change(started)
      if (changed === undefined) return upload.finish(context, token)
      started.parts.clear()
      for (const [number, part] of changed) started.parts.set(number, part)
      return upload.finish(context, token)
    },
  }))
}

const onlyUpload = (world: World): [string, Started] => {
  const [first] = world.uploads
  if (first === undefined) throw storageError('NotFound', 'no such upload')
  return first
}

/** The token, of the upload whose state it names or, without one, of the first there is. */
function believed(world: World, token: UploadToken): UploadToken {
  const named = world.uploads.get(String(token.state))
  const [state, { key }] = named === undefined ? onlyUpload(world) : [token.state, named]
  return { ...token, key, state }
}

export const uploads: readonly Broken[] = [
  {
    name: 'parts are joined in the order they came',
    caughtBy: /upload: parts in any order/,
    breaks: onParts(({ parts }) => [...parts.values()].map((part, index) => [index + 1, part])),
  },
  {
    name: 'an upload in progress is an object already',
    caughtBy: /upload: what is there stays as it was/,
    breaks: onUpload((upload, world) => ({
      async part(context, token, number, source) {
        await upload.part(context, token, number, source)
        world.put(token.key, world.token(token).parts.get(number) ?? new Uint8Array(), {})
      },
    })),
  },
  {
    name: 'a part sent again is dropped',
    caughtBy: /upload: a part sent again/,
    breaks: onUpload((upload, world) => ({
      async part(context, token, number, source) {
        if (!world.token(token).parts.has(number)) await upload.part(context, token, number, source)
      },
    })),
  },
  {
    name: 'uploads are known to their own store alone',
    caughtBy: /upload: another store goes on/,
    shared: true,
    breaks: onUpload((upload) => {
      const own = new Set<unknown>()
      const known = (token: UploadToken): UploadToken => {
        if (!own.has(token.state)) throw storageError('NotFound', 'no such upload')
        return token
      }
      return {
        async start(context, key, options) {
          const token = await upload.start(context, key, options)
          own.add(token.state)
          return token
        },
        parts: async (context, token) => upload.parts(context, known(token)),
        part: async (context, token, number, source) => upload.part(context, known(token), number, source),
        finish: async (context, token) => upload.finish(context, known(token)),
      }
    }),
  },
  {
    name: 'a gap in the numbers is closed',
    caughtBy: /upload: a gap/,
    breaks: onParts(({ parts }) =>
      [...parts].toSorted(([a], [b]) => a - b).map(([, part], index) => [index + 1, part]),
    ),
  },
  {
    name: 'no parts make an empty object',
    caughtBy: /upload: without a part/,
    breaks: onParts(({ parts }) => (parts.size === 0 ? [[1, new Uint8Array()]] : undefined)),
  },
  {
    name: 'short parts are joined as they are',
    caughtBy: /upload: a short part/,
    breaks: onParts(({ parts }) => [[1, new Uint8Array(Buffer.concat([...parts.values()]))]]),
  },
  {
    name: 'the announced size is forgotten',
    caughtBy: /upload: parts of another length/,
    breaks: onUpload((upload) => ({
      start: (context, key, { size: _size, ...options }) => upload.start(context, key, options),
    })),
  },
  {
    name: 'parts are of one size, however large the object',
    caughtBy: /upload: parts are large enough/,
    breaks: onUpload((upload) => ({
      start: async (context, key, options) => ({ ...(await upload.start(context, key, options)), partBytes: 50_000 }),
    })),
  },
  {
    name: 'a part that broke off counts',
    caughtBy: /upload: a part that breaks off/,
    breaks: onUpload((upload, world) => ({
      async part(context, token, number, source) {
        try {
          await upload.part(context, token, number, source)
        } catch (error) {
          world.token(token).parts.set(number, new Uint8Array(100))
          throw error
        }
      },
    })),
  },
  {
    name: 'an aborted upload leaves its parts',
    caughtBy: /upload: an aborted upload/,
    breaks: onUpload(() => ({ abort: async () => {} })),
  },
  {
    name: 'finishing twice makes the object twice',
    caughtBy: /upload: what is finished/,
    breaks: onUpload((upload, world) => ({
      async finish(context, token) {
        const started = world.token(token)
        const entry = await upload.finish(context, token)
        world.uploads.set(String(token.state), started)
        return entry
      },
    })),
  },
  {
    name: 'attributes of an upload are dropped',
    caughtBy: /upload: attributes given at the start/,
    breaks: onUpload((upload) => ({
      start: (context, key, { size, ifAbsent, ifMatch }) => upload.start(context, key, { size, ifAbsent, ifMatch }),
    })),
  },
  {
    name: 'conditions of an upload are dropped',
    caughtBy: /upload: conditions given at the start/,
    breaks: onUpload((upload) => ({ start: (context, key) => upload.start(context, key, {}) })),
  },
  {
    name: 'the etag of an upload is dropped',
    caughtBy: /upload: an etag given at the start/,
    breaks: onUpload((upload) => ({
      start: (context, key, { ifMatch: _etag, ...options }) => upload.start(context, key, options),
    })),
  },
  {
    name: 'ended uploads are listed',
    caughtBy: /upload: uploads in progress are listed/,
    breaks: onUpload((upload) => {
      const begun: UploadToken[] = []
      return {
        async start(context, key, options) {
          const token = await upload.start(context, key, options)
          begun.push(token)
          return token
        },
        async *list() {
          yield* begun
        },
      }
    }),
  },
  {
    name: 'any state is that of the only upload',
    caughtBy: /upload: a token with a made-up state/,
    breaks: onUpload((upload, world) => ({
      parts: (context, token) => upload.parts(context, believed(world, token)),
    })),
  },
  {
    name: 'aborting with a made-up state aborts another upload',
    caughtBy: /upload: a token with a made-up state/,
    breaks: onUpload((_, world) => ({
      async abort() {
        world.uploads.clear()
      },
    })),
  },
  {
    name: 'the key of a token is believed',
    caughtBy: /upload: a token whose key was changed/,
    breaks: onUpload((upload, world) => ({
      async finish(context, token) {
        const started = world.uploads.get(String(token.state))
        if (started === undefined) throw storageError('NotFound', 'no such upload')
        world.uploads.set(String(token.state), { ...started, key: token.key })
        return upload.finish(context, token)
      },
    })),
  },
  {
    name: 'state and key need not belong together',
    caughtBy: /upload: a token of one upload/,
    breaks: onUpload((upload, world) => ({
      part: (context, token, number, source) => upload.part(context, believed(world, token), number, source),
    })),
  },
]
