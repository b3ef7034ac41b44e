import type { CaseGroup } from './case.ts'
import { all, rejects, same } from './expect.ts'
import type { Scene } from './scene.ts'

/** One harmless call of every optional operation. Keys are the case's own; nothing may happen where the operation is not declared. */
function calls(scene: Scene, key: string): Record<string, () => Promise<unknown>> {
  const { store } = scene
  const other = scene.key('other')
  const source = { size: 1, bytes: new Uint8Array(1), open: () => null }
  const token = { key, partBytes: 1, state: null }
  return {
    write: () => store.write(other, 'x'),
    list: () => all(store.list(scene.directory)),
    delete: () => store.delete(key),
    deleteMany: () => all(store.deleteMany([key])),
    batch: () => store.batch([]),
    copy: () => store.copy(key, other),
    move: () => store.move(key, other),
    append: () => store.append(key, 'x'),
    update: () => store.update(key, { metadata: {} }),
    url: () => store.url(key, { expiresInSeconds: 60 }),
    versions: () => all(store.versions(key)),
    changes: () => store.changes()[Symbol.asyncIterator]().next(),
    search: () => all(store.search({ name: 'x' })),
    usage: () => store.usage(),
    open: () => store.open(key, 'read'),
    'upload.start': () => store.upload.start(other, {}),
    'upload.part': () => store.upload.part(token, 1, source),
    'upload.parts': () => store.upload.parts(token),
    'upload.finish': () => store.upload.finish(token),
    'upload.abort': () => store.upload.abort(token),
    'directories.make': () => store.directories.make(other),
    'directories.remove': () => store.directories.remove(other),
    'links.make': () => store.links.make(other, 'x'),
    'blocks.get': () => store.blocks.get('bafkqaaa'),
    'blocks.has': () => store.blocks.has('bafkqaaa'),
    'blocks.put': () => store.blocks.put('bafkqaaa', new Uint8Array()),
    'content.read': () => store.content.read('bafkqaaa', {}),
    'content.stat': () => store.content.stat('bafkqaaa'),
    'content.list': () => all(store.content.list('bafkqaaa')),
    'content.put': () => store.content.put(source, { profile: 'unixfs-v1-2025' }),
    'pins.add': () => store.pins.add('bafkqaaa', {}),
    'pins.remove': () => store.pins.remove('bafkqaaa'),
    'pins.get': () => store.pins.get('bafkqaaa'),
    'pins.list': () => all(store.pins.list({})),
    'ipns.publish': () => store.ipns.publish('self', '/ipfs/bafkqaaa', {}),
    'ipns.resolve': () => store.ipns.resolve('name'),
  }
}

function declares(scene: Scene, name: string): boolean {
  const operation = name.split('.', 1)[0] ?? name
  return Object.entries(scene.capabilities.ops).some(([declared, how]) => declared === operation && how !== undefined)
}

export const gates: CaseGroup = {
  name: 'gates',
  needs: ['objects to read'],
  cases: [
    {
      title: 'operations that are not declared are refused with Unsupported before any I/O',
      async run(scene) {
        const key = await scene.put('there', 'x')
        const before = await scene.subject.requests?.()
        for (const [name, call] of Object.entries(calls(scene, key))) {
          if (declares(scene, name)) continue
          await rejects(call, 'Unsupported', `options: ${name} is not declared, so it is refused`)
        }
        same(await scene.subject.requests?.(), before, 'options: what is refused makes no request')
        same(await scene.text(key), 'x', 'options: what is refused changes nothing')
      },
    },
    {
      title: 'conditions and versions that are not declared are refused, never ignored',
      async run(scene) {
        const key = await scene.put('there', 'x')
        const { read, write, ops, copy, move, delete: remove } = scene.capabilities
        const { store } = scene
        const before = await scene.subject.requests?.()
        const rule = 'options: a condition that is not declared is refused, never ignored'
        const etag = '"some-etag"'
        if (!read.ifMatch) await rejects(store.read(key, { ifMatch: etag }), 'Unsupported', rule)
        if (!read.ifMatch) await rejects(store.stat(key, { ifMatch: etag }), 'Unsupported', rule)
        if (!read.ifNoneMatch) await rejects(store.read(key, { ifNoneMatch: etag }), 'Unsupported', rule)
        if (!read.version) await rejects(store.read(key, { version: '1' }), 'Unsupported', rule)
        if (!read.version) await rejects(store.stat(key, { version: '1' }), 'Unsupported', rule)
        if (ops.write && !write?.ifMatch) await rejects(store.write(key, 'y', { ifMatch: etag }), 'Unsupported', rule)
        if (ops.write && !write?.ifAbsent) await rejects(store.write(key, 'y', { ifAbsent: true }), 'Unsupported', rule)
        if (ops.copy && !copy?.ifAbsent)
          await rejects(store.copy(key, scene.key('to'), { ifAbsent: true }), 'Unsupported', rule)
        if (ops.move && !move?.ifMatch)
          await rejects(store.move(key, scene.key('to'), { ifMatch: etag }), 'Unsupported', rule)
        if (ops.copy && !copy?.fromEtag)
          await rejects(store.copy(key, scene.key('to'), { fromEtag: etag }), 'Unsupported', rule)
        if (ops.delete && !remove?.ifMatch) await rejects(store.delete(key, { ifMatch: etag }), 'Unsupported', rule)
        same(await scene.subject.requests?.(), before, 'options: what is refused makes no request')
        same(await scene.text(key), 'x', 'options: what is refused changes nothing')
      },
    },
    {
      title: 'a cursor where none is declared is refused',
      needs: ['list'],
      async run(scene) {
        if (scene.capabilities.list?.cursor === true) return
        const listing = all(scene.store.list(scene.directory, { cursor: 'abc' }))
        await rejects(listing, 'Unsupported', 'options: a cursor where none is declared is refused')
      },
    },
    {
      title: '`can` and the capabilities tell the same',
      run: async (scene) => {
        for (const operation of [
          'write',
          'list',
          'delete',
          'copy',
          'move',
          'append',
          'url',
          'upload',
          'links',
        ] as const) {
          const declared = scene.capabilities.ops[operation] !== undefined
          same(scene.store.can(operation), declared, `options: can('${operation}') tells what the capabilities tell`)
        }
      },
    },
  ],
}
