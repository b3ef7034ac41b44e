import { errorCode, storageError, type Backend, type Capabilities } from '@kit/core'
import type { Break } from '../reference/subject.ts'
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
