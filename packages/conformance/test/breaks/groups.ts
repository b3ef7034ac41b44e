import { storageError, type Handle } from '@kit/core'
import type { Break } from '../reference/subject.ts'
import type { World } from '../reference/world.ts'
import type { Broken } from './broken.ts'

function onHandle(change: (handle: Handle, key: string, world: World) => Handle): Break {
  return (backend, world) => {
    const { open } = backend
    if (open === undefined) return backend
    return { ...backend, open: async (context, key, mode) => change(await open(context, key, mode), key, world) }
  }
}

export const groups: readonly Broken[] = [
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
]
