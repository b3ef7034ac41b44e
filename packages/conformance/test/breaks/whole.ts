import { errorCode, storageError, type Backend, type Capabilities, type Handle } from '@kit/core'
import type { Break } from '../reference/subject.ts'
import type { World } from '../reference/world.ts'
import { onRead, without, type Broken } from './broken.ts'

/** What every call throws, put otherwise. */
function onErrors(change: (error: unknown) => unknown): Break {
  const wrap =
    <All extends readonly unknown[], Result>(call: (...all: All) => Promise<Result>) =>
    async (...all: All): Promise<Result> => {
      try {
        return await call(...all)
      } catch (error) {
        throw change(error)
      }
    }
  return (backend) => {
    const { write, delete: remove, ping } = backend
    return {
      ...backend,
      stat: wrap(backend.stat),
      read: wrap(backend.read),
      ...(write && { write: wrap(write) }),
      ...(remove && { delete: wrap(remove) }),
      ...(ping && { ping: wrap(ping) }),
    }
  }
}

function onHandle(change: (handle: Handle, key: string, world: World) => Handle): Break {
  return (backend, world) => {
    const { open } = backend
    if (open === undefined) return backend
    return { ...backend, open: async (context, key, mode) => change(await open(context, key, mode), key, world) }
  }
}

function declares(change: (capabilities: Capabilities) => Capabilities): Break {
  return (backend) => ({ ...backend, capabilities: change(backend.capabilities) })
}

const code =
  (from: string, to: Parameters<typeof storageError>[0]): ((error: unknown) => unknown) =>
  (error) =>
    errorCode(error) === from ? storageError(to, 'said otherwise', { cause: error }) : error

export const whole: readonly Broken[] = [
  {
    name: 'no answer is NotFound',
    caughtBy: /faults: a store that does not answer/,
    breaks: onErrors(code('Unavailable', 'NotFound')),
  },
  {
    name: 'no answer is Unexpected',
    caughtBy: /faults: a store that does not answer/,
    breaks: onErrors(code('Unavailable', 'Unexpected')),
  },
  {
    name: 'too many calls are PermissionDenied',
    caughtBy: /faults: a store that is asked too much/,
    breaks: onErrors(code('RateLimited', 'PermissionDenied')),
  },
  {
    name: 'a refusal is Unavailable',
    caughtBy: /faults: a store that refuses/,
    breaks: onErrors(code('PermissionDenied', 'Unavailable')),
  },
  {
    name: 'a refusal is NotFound',
    caughtBy: /faults: a store that refuses/,
    breaks: onErrors(code('PermissionDenied', 'NotFound')),
  },
  {
    name: 'errors are plain ones',
    caughtBy: /contract: every rejection is a StorageError/,
    breaks: onErrors((error) => (error instanceof Error ? new Error(error.message) : error)),
  },
  {
    name: 'a string is thrown',
    caughtBy: /get: a missing object|contract: every rejection/,
    breaks: onErrors((error) => (errorCode(error) === 'NotFound' ? 'not found' : error)),
  },
  {
    name: 'a call resolves with its error',
    caughtBy: /stat: a missing object/,
    breaks: (backend) => ({
      ...backend,
      stat: (...all) => backend.stat(...all).catch((error: unknown) => error as Awaited<ReturnType<Backend['stat']>>),
    }),
  },
  {
    name: 'a broken body ends as if it were whole',
    caughtBy: /faults: a body that breaks off/,
    breaks: onRead(async (read, context, key, options) => {
      const result = await read(context, key, options)
      const stream = result.body
      if (stream instanceof Uint8Array) return result
      const ended = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
        try {
          yield* stream
        } catch {
          // This is what is wrong with it.
        }
      }
      const { etag: _, ...entry } = result.entry
      return { ...result, entry, body: ended() }
    }),
  },
  {
    name: 'a broken body is resumed from its beginning',
    caughtBy: /faults: a body that breaks off/,
    breaks: onRead(async (read, context, key, options, world) => {
      const result = await read(context, key, options)
      const stream = result.body
      if (stream instanceof Uint8Array) return result
      const resumed = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
        try {
          yield* stream
        } catch {
          const { bytes } = world.file(key)
          yield bytes.slice(0, bytes.byteLength)
        }
      }
      return { ...result, body: resumed() }
    }),
  },
  {
    name: 'closing leaves a handle',
    caughtBy: /put: a string is read back/,
    breaks: (backend, world) => {
      const { write } = backend
      return write ? { ...backend, write: (...all) => (world.openBodies++, write(...all)) } : backend
    },
  },
  {
    name: 'closing takes for ever',
    caughtBy: /stat: ping succeeds/,
    breaks: (backend) => ({ ...backend, close: () => new Promise(() => {}) }),
  },
  {
    name: 'kit.json differs from the plugin',
    caughtBy: /manifest: kit\.json says/,
    subject: (subject) => ({ ...subject, manifest: { ...Object(subject.manifest), type: 'other' } }),
  },
  {
    name: 'the instance can more than its plugin declares',
    caughtBy: /manifest: (a store can nothing|the capabilities of a store)/,
    breaks: (backend) => ({
      ...backend,
      capabilities: { ...backend.capabilities, ops: { ...backend.capabilities.ops, ipns: 'native' } },
      ipns: { publish: async () => ({ name: 'x', sequence: 1 }), resolve: async () => ({ path: '/x' }) },
    }),
  },
  {
    name: 'capabilities change in the course of time',
    caughtBy: /contract: capabilities are fixed/,
    breaks: (backend) => {
      let calls = 0
      const { write } = backend
      const now = (): Capabilities => ({ ...backend.capabilities, etag: calls > 0 ? 'weak' : 'strong' })
      return {
        ...backend,
        get capabilities() {
          return now()
        },
        ...(write && { write: (...all: Parameters<NonNullable<Backend['write']>>) => (calls++, write(...all)) }),
      }
    },
  },
  {
    name: 'an operation is declared and missing',
    caughtBy: /contract: what is declared is there|stat: ping succeeds/,
    breaks: (backend) => without(backend, 'usage'),
  },
  {
    name: 'a member of a group is missing',
    caughtBy: /upload: an aborted upload/,
    breaks: (backend) => {
      const { upload } = backend
      return upload ? { ...backend, upload: { ...upload, abort: undefined as never } } : backend
    },
  },
  {
    name: 'a namespace without files and prefixes is declared to have both',
    shape: 'tree',
    caughtBy: /errors: (a name can be a file and have others below|every rejection)/,
    breaks: declares((given) => ({ ...given, keys: { ...given.keys, fileAndPrefix: true } })),
    subject: (subject) => ({
      ...subject,
      ...(subject.plugin && {
        capabilities: {
          ...subject.plugin.capabilities,
          keys: { ...subject.plugin.capabilities.keys, fileAndPrefix: true },
        },
      }),
    }),
  },
  {
    name: 'usage is made up',
    caughtBy: /usage: counts what is written/,
    breaks: (backend) => ({ ...backend, usage: async () => ({ usedBytes: 42, objects: 7 }) }),
  },
  {
    name: 'usage tells -1 for what it does not know',
    caughtBy: /usage: tells whole numbers/,
    breaks: (backend) => ({ ...backend, usage: async () => ({ usedBytes: -1 }) }),
  },
  {
    name: 'removing a directory removes what is in it',
    shape: 'tree',
    caughtBy: /directories: removing one that holds something/,
    breaks: (backend, world) => ({
      ...backend,
      directories: {
        make: async (...all) => backend.directories?.make(...all),
        async remove(_, directory) {
          for (const name of world.nodes.keys()) if (`${name}/`.startsWith(`${directory}/`)) world.nodes.delete(name)
        },
      },
    }),
  },
  {
    name: 'making a directory that exists is AlreadyExists',
    shape: 'tree',
    caughtBy: /directories: making one that exists/,
    breaks: (backend, world) => ({
      ...backend,
      directories: {
        async make(context, directory) {
          if (world.nodes.has(directory)) throw storageError('AlreadyExists', 'there already')
          await backend.directories?.make(context, directory)
        },
        remove: async (...all) => backend.directories?.remove(...all),
      },
    }),
  },
  {
    name: 'a made directory has no parents',
    shape: 'tree',
    caughtBy: /directories: a directory is made with its parents/,
    breaks: (backend, world) => ({
      ...backend,
      directories: {
        make: async (_, directory) => void world.nodes.set(directory, { kind: 'directory' }),
        remove: async (...all) => backend.directories?.remove(...all),
      },
    }),
  },
  {
    name: 'stat follows links',
    shape: 'tree',
    caughtBy: /links: a link tells where it points/,
    breaks: (backend, world) => ({
      ...backend,
      stat: async (_, key) => (world.nodes.get(key)?.kind === 'link' ? world.file(key).entry : world.entry(key)),
    }),
  },
  {
    name: 'a link is made over what is there',
    shape: 'tree',
    caughtBy: /links: a link is not made where something is/,
    breaks: (backend, world) => ({
      ...backend,
      links: { make: async (_, key, target) => void world.nodes.set(key, { kind: 'link', target }) },
    }),
  },
  {
    name: 'deleting a link deletes what it points to',
    shape: 'tree',
    caughtBy: /links: a deleted link leaves/,
    breaks: (backend, world) => ({
      ...backend,
      async delete(context, key, options) {
        const node = world.nodes.get(key)
        if (node?.kind === 'link') world.nodes.delete(world.file(key).entry.key)
        await backend.delete?.(context, key, options)
      },
    }),
  },
  {
    name: 'what a handle writes is seen at once',
    caughtBy: /handles: what is written is unseen/,
    breaks: onHandle((handle, key, world) => {
      const { write } = handle
      if (write === undefined) return handle
      return {
        ...handle,
        async write(context, from, at) {
          await write(context, from, at)
          world.put(key, from.slice(), {})
        },
      }
    }),
  },
  {
    name: 'a handle reads what was written since',
    caughtBy: /handles: a reader sees the object as it was/,
    breaks: onHandle((handle, key, world) => {
      if (handle.write !== undefined) return handle
      return {
        ...handle,
        async read(_, into, at) {
          const part = world.file(key).bytes.subarray(at, at + into.byteLength)
          into.set(part)
          return part.byteLength
        },
      }
    }),
  },
  {
    name: 'publishing drops its condition',
    caughtBy: /handles: an object that changed meanwhile/,
    breaks: onHandle((handle) => {
      const { publish } = handle
      return publish ? { ...handle, publish: (context) => publish(context, {}) } : handle
    }),
  },
  {
    name: 'closing a handle publishes',
    caughtBy: /handles: closing without publishing/,
    breaks: onHandle((handle, key, world) => ({
      ...handle,
      async close() {
        const into = new Uint8Array(100)
        const length = await handle.read(
          { signal: new AbortController().signal, requestId: '', attempt: 1, log: () => {} },
          into,
          0,
        )
        if (handle.write !== undefined) world.put(key, into.slice(0, length), {})
        await handle.close()
      },
    })),
  },
  {
    name: 'a handle fills less than it could',
    caughtBy: /handles: reading fills/,
    breaks: onHandle((handle) => ({
      ...handle,
      read: (context, into, at) => handle.read(context, into.subarray(0, 4096), at),
    })),
  },
  {
    name: 'parts are joined in the order they came',
    caughtBy: /upload: parts in any order/,
    breaks: (backend, world) => {
      const { upload } = backend
      if (upload === undefined) return backend
      return {
        ...backend,
        upload: {
          ...upload,
          async finish(context, token) {
            const started = world.token(token)
            const parts = [...started.parts.values()]
            started.parts.clear()
            for (const [index, part] of parts.entries()) started.parts.set(index + 1, part)
            return upload.finish(context, token)
          },
        },
      }
    },
  },
  {
    name: 'an aborted upload leaves its parts',
    caughtBy: /upload: an aborted upload/,
    breaks: (backend) =>
      backend.upload ? { ...backend, upload: { ...backend.upload, abort: async () => {} } } : backend,
  },
  {
    name: 'conditions of an upload are dropped',
    caughtBy: /upload: conditions given at the start/,
    breaks: (backend) => {
      const { upload } = backend
      if (upload === undefined) return backend
      return { ...backend, upload: { ...upload, start: (context, key) => upload.start(context, key, {}) } }
    },
  },
  {
    name: 'versions come the oldest first',
    caughtBy: /versions: every write is a version/,
    breaks: (backend, world) => ({
      ...backend,
      async *versions(_, key) {
        yield { entries: (world.versions.get(key) ?? []).map(({ entry }) => entry).toReversed() }
      },
    }),
  },
  {
    name: 'a search looks everywhere',
    caughtBy: /search: finds objects by name/,
    breaks: (backend) => {
      const { search } = backend
      return search ? { ...backend, search: (context, { name }) => search(context, { name }) } : backend
    },
  },
  {
    name: 'half of a batch is made',
    caughtBy: /batch: of changes of which one fails/,
    breaks: (backend) => {
      const { batch } = backend
      if (batch === undefined) return backend
      return {
        ...backend,
        async batch(context, changes) {
          const entries = []
          for (const change of changes) entries.push(...(await batch(context, [change], {})))
          return entries
        },
      }
    },
  },
  {
    name: 'a deletion is not noticed',
    caughtBy: /changes: a new, a changed and a deleted/,
    breaks: (backend, world) => ({
      ...backend,
      async *changes(context, since) {
        for await (const notice of backend.changes?.(context, since) ?? []) {
          yield { ...notice, keys: notice.keys.filter((key) => world.nodes.has(key)) }
        }
      },
    }),
  },
  {
    name: 'a listener is not told what it missed',
    caughtBy: /changes: a resumed listener/,
    breaks: (backend) => {
      const { changes } = backend
      return changes ? { ...backend, changes: (context) => changes(context) } : backend
    },
  },
  {
    name: 'a link leaves the name unescaped',
    caughtBy: /url: a link for GET needs/,
    breaks: (backend) => {
      const { url } = backend
      return url
        ? { ...backend, url: (context, key, options) => url(context, key.split('%')[0] as typeof key, options) }
        : backend
    },
  },
  {
    name: 'a missing block is empty',
    caughtBy: /blocks: a missing block/,
    breaks: (backend, world) => {
      const { blocks } = backend
      if (blocks === undefined) return backend
      return { ...backend, blocks: { ...blocks, get: async (_, cid) => world.blocks.get(cid) ?? new Uint8Array() } }
    },
  },
  {
    name: 'ranges of content are ignored',
    caughtBy: /content: what was put is read whole and by range/,
    breaks: (backend) => {
      const { content } = backend
      return content
        ? { ...backend, content: { ...content, read: (context, path) => content.read(context, path, {}) } }
        : backend
    },
  },
  {
    name: 'removing a pin that is not there is success',
    caughtBy: /pins: a pin is added/,
    breaks: (backend, world) => {
      const { pins } = backend
      return pins ? { ...backend, pins: { ...pins, remove: async (_, cid) => void world.pins.delete(cid) } } : backend
    },
  },
  {
    name: 'opening the store asks the server',
    caughtBy: /manifest: opening a store makes no request/,
    breaks: (backend, world) => {
      world.requests++
      return backend
    },
  },
  {
    name: 'a name that others begin with is a directory though none is real',
    caughtBy: /stat: a name that others begin with/,
    breaks: (backend, world) => ({
      ...backend,
      async stat(context, key, options) {
        const implied = [...world.nodes.keys()].some((name) => name.startsWith(`${key}/`))
        return implied && !world.nodes.has(key) ? { kind: 'directory', key } : backend.stat(context, key, options)
      },
    }),
  },
]
