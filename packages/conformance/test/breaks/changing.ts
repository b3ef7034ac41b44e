import { storageError, type Backend, type Key } from '@kit/core'
import type { Break } from '../reference/subject.ts'
import type { World } from '../reference/world.ts'
import { onKeys, without, type Broken } from './broken.ts'

type Delete = NonNullable<Backend['delete']>
type Copy = NonNullable<Backend['copy']>
type Move = NonNullable<Backend['move']>

function onDelete(change: (remove: Delete, world: World, ...all: Parameters<Delete>) => Promise<void>): Break {
  return (backend, world) => {
    const { delete: remove } = backend
    return remove ? { ...backend, delete: (...all) => change(remove, world, ...all) } : backend
  }
}

function onCopy(change: (copy: Copy, world: World, ...all: Parameters<Copy>) => ReturnType<Copy>): Break {
  return (backend, world) => {
    const { copy } = backend
    return copy ? { ...backend, copy: (...all) => change(copy, world, ...all) } : backend
  }
}

function onMove(change: (move: Move, world: World, ...all: Parameters<Move>) => ReturnType<Move>): Break {
  return (backend, world) => {
    const { move } = backend
    return move ? { ...backend, move: (...all) => change(move, world, ...all) } : backend
  }
}

export const changing: readonly Broken[] = [
  {
    name: 'deleting what is absent is NotFound',
    caughtBy: /delete: deleting what is absent/,
    breaks: onDelete(async (remove, world, context, key, options) => {
      if (!world.nodes.has(key)) throw storageError('NotFound', 'no such object')
      await remove(context, key, options)
    }),
  },
  {
    name: 'deleting removes all that begins with the name',
    caughtBy: /delete: deleting leaves objects of like names/,
    breaks: onDelete(async (remove, world, context, key, options) => {
      await remove(context, key, options)
      for (const name of world.nodes.keys()) if (name.startsWith(key)) world.nodes.delete(name)
    }),
  },
  {
    name: 'deleting removes what is below the name',
    caughtBy: /delete: deleting the name that others begin with/,
    breaks: onDelete(async (remove, world, context, key, options) => {
      await remove(context, key, options)
      for (const name of world.nodes.keys()) if (name.startsWith(`${key}/`)) world.nodes.delete(name)
    }),
  },
  {
    name: 'deleting prunes empty parents',
    shape: 'tree',
    caughtBy: /delete: deleting the last object of a real directory/,
    breaks: onDelete(async (remove, world, context, key, options) => {
      await remove(context, key, options)
      for (const name of world.parents(key).toReversed()) {
        if (![...world.nodes.keys()].some((other) => other.startsWith(`${name}/`))) world.nodes.delete(name)
      }
    }),
  },
  {
    name: 'deleting removes an empty directory',
    shape: 'tree',
    caughtBy: /directories: a directory is no file/,
    breaks: onDelete(async (remove, world, context, key, options) => {
      if (world.nodes.get(key)?.kind === 'directory') world.nodes.delete(key)
      else await remove(context, key, options)
    }),
  },
  {
    name: 'deleting does nothing',
    caughtBy: /delete: a deleted object is gone/,
    breaks: onDelete(async () => {}),
  },
  {
    name: 'ifMatch of a delete is dropped',
    caughtBy: /conditions: delete with ifMatch/,
    breaks: onDelete((remove, _, context, key, options) => remove(context, key, without(options, 'ifMatch'))),
  },
  {
    name: 'ifMatch of a delete is checked first and the object deleted later',
    caughtBy: /races: racers that delete one state/,
    breaks: onDelete(async (remove, world, context, key, options) => {
      world.check(key, options)
      await new Promise((resolve) => setImmediate(resolve))
      await remove(context, key, {})
    }),
  },
  {
    name: 'deleteMany loses one result',
    caughtBy: /delete: deleteMany tells one result/,
    breaks: (backend) => ({
      ...backend,
      async *deleteMany(context, keys) {
        for await (const result of backend.deleteMany?.(context, keys) ?? []) if (result.key !== keys[0]) yield result
      },
    }),
  },
  {
    name: 'deleteMany ends at the first failure',
    shape: 'tree',
    caughtBy: /delete: deleteMany reports what fails/,
    breaks: (backend, world) => ({
      ...backend,
      async *deleteMany(_, keys) {
        for (const key of keys) {
          world.remove(key, {})
          yield { key }
        }
      },
    }),
  },
  {
    name: 'deleteMany tells success of what failed',
    shape: 'tree',
    caughtBy: /delete: deleteMany reports what fails/,
    breaks: (backend) => ({
      ...backend,
      async *deleteMany(context, keys) {
        for await (const { key } of backend.deleteMany?.(context, keys) ?? []) yield { key }
      },
    }),
  },
  {
    name: 'deleteMany removes only the first twenty',
    caughtBy: /delete: deleteMany tells one result/,
    breaks: (backend) => ({
      ...backend,
      capabilities: { ...backend.capabilities, delete: { ifMatch: 'native' } },
      async *deleteMany(context, keys) {
        yield* backend.deleteMany?.(context, keys.slice(0, 20)) ?? []
        for (const key of keys.slice(20)) yield { key }
      },
    }),
    subject: (subject) => ({
      ...subject,
      ...(subject.plugin && {
        capabilities: { ...subject.plugin.capabilities, delete: { ifMatch: 'native' } },
      }),
    }),
  },
  {
    name: 'a copy is the object itself',
    caughtBy: /copy and move: a copy and its source are two/,
    breaks: (backend) => {
      const same = new Map<string, Key>()
      const find = (key: Key): Key => same.get(key) ?? key
      const { copy, write } = backend
      return {
        ...backend,
        stat: (context, key, options) => backend.stat(context, find(key), options),
        read: (context, key, options) => backend.read(context, find(key), options),
        ...(write && { write: (context, key, source, options) => write(context, find(key), source, options) }),
        ...(copy && {
          async copy(context, from, to, options) {
            const entry = await copy(context, from, to, options)
            same.set(to, from)
            return entry
          },
        }),
      }
    },
  },
  {
    name: 'a copy drops the metadata',
    caughtBy: /copy and move: attributes go along/,
    breaks: onCopy(async (_, world, __, from, to, options) =>
      world.put(to, world.file(from).bytes, without(options, 'fromEtag')),
    ),
  },
  {
    name: 'a copy of what is missing is empty',
    caughtBy: /copy and move: copying or moving what is missing/,
    breaks: onCopy(async (copy, world, context, from, to, options) =>
      world.nodes.has(from) ? copy(context, from, to, options) : world.put(to, new Uint8Array(), {}),
    ),
  },
  {
    name: 'a copy leaves what is there',
    caughtBy: /copy and move: a copy replaces/,
    breaks: onCopy(async (copy, world, context, from, to, options) =>
      world.nodes.has(to) && options.ifAbsent !== true ? world.file(to).entry : copy(context, from, to, options),
    ),
  },
  {
    name: 'fromEtag of a copy is dropped',
    caughtBy: /conditions: copy with/,
    breaks: onCopy((copy, _, context, from, to, options) => copy(context, from, to, without(options, 'fromEtag'))),
  },
  {
    name: 'ifAbsent of a copy is dropped',
    caughtBy: /conditions: copy with/,
    breaks: onCopy((copy, _, context, from, to, options) => copy(context, from, to, without(options, 'ifAbsent'))),
  },
  {
    name: 'a move leaves the source',
    caughtBy: /copy and move: a move has the bytes/,
    breaks: onMove((_, world, __, from, to, options) => Promise.resolve(world.again(world.file(from), to, options))),
  },
  {
    name: 'a move onto itself removes the object',
    caughtBy: /contract: a move onto itself/,
    breaks: onMove(async (move, world, context, from, to, options) => {
      const entry = await move(context, from, to, options)
      world.nodes.delete(from)
      return entry
    }),
  },
  {
    name: 'ifAbsent of a move is dropped',
    caughtBy: /conditions: move with/,
    breaks: onMove((move, _, context, from, to, options) => move(context, from, to, without(options, 'ifAbsent'))),
  },
  {
    name: 'a move that is refused has removed the source',
    caughtBy: /conditions: move with/,
    breaks: onMove(async (_, world, __, from, to, options) => {
      const moved = world.file(from)
      world.remove(from, {})
      return world.again(moved, to, options)
    }),
  },
  {
    name: 'an append replaces',
    caughtBy: /append: adds to the end/,
    breaks: (backend) => ({
      ...backend,
      append: async (context, key, source) => backend.write?.(context, key, source, {}),
    }),
  },
  {
    name: '`at` of an append is dropped',
    caughtBy: /append: `at` adds only/,
    breaks: (backend) => ({
      ...backend,
      append: async (context, key, source) => backend.append?.(context, key, source, {}),
    }),
  },
  {
    name: 'an update replaces all attributes',
    caughtBy: /update: sets the named attributes/,
    breaks: (backend, world) => ({
      ...backend,
      update: async (_, key, attributes) => world.put(key, world.file(key).bytes, attributes),
    }),
  },
  {
    name: 'an update of a missing object makes one',
    caughtBy: /update: of a missing object/,
    breaks: (backend, world) => ({
      ...backend,
      update: async (context, key, attributes) =>
        world.nodes.has(key)
          ? backend.update?.(context, key, attributes)
          : world.put(key, new Uint8Array(), attributes),
    }),
  },
  {
    name: 'keys are normalised',
    caughtBy: /keys: odd names are kept exactly, each/,
    breaks: onKeys((key) => key.normalize('NFC')),
  },
  {
    name: 'keys are in lower case',
    caughtBy: /keys: odd names are kept exactly, each/,
    breaks: onKeys((key) => key.toLowerCase()),
  },
  { name: 'keys are trimmed', caughtBy: /keys: odd names are kept exactly, each/, breaks: onKeys((key) => key.trim()) },
  {
    name: 'a colon in a key is a slash',
    caughtBy: /keys: odd names are kept exactly, each/,
    breaks: onKeys((key) => key.replaceAll(':', '/')),
  },
  {
    name: 'a backslash in a key is a slash',
    caughtBy: /keys: odd names are kept exactly/,
    breaks: onKeys((key) => key.replaceAll('\\', '/')),
  },
  {
    name: 'keys are percent-decoded',
    caughtBy: /keys: odd names are kept exactly, each/,
    breaks: onKeys((key) => key.replaceAll(/%2f/gi, '/')),
  },
  {
    name: 'a question mark ends a key',
    caughtBy: /keys: odd names are kept exactly, each/,
    breaks: onKeys((key) => key.replace(/\?.*/s, '')),
  },
  {
    name: 'dots at the end of a key are lost',
    caughtBy: /keys: odd names are kept exactly, each/,
    breaks: onKeys((key) => key.replace(/(?<=\w)\.+$/, '')),
  },
  {
    name: 'private characters of Unicode become U+FFFD',
    caughtBy: /keys: odd names are kept exactly, each/,
    breaks: onKeys((key) => key.replaceAll(/\p{Co}/gu, '\ufffd')),
  },
  {
    name: 'long keys are cut',
    caughtBy: /limits: a (key|segment) of the declared length/,
    breaks: onKeys((key) => key.slice(0, 250)),
  },
]
