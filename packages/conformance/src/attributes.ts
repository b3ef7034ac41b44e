import type { Attributes } from '@kit/core'
import type { CaseGroup, Definition } from './case.ts'
import { inChunks, sampleBytes } from './samples.ts'
import { all, rejects, same } from './expect.ts'

/** A value for each attribute that no store makes up by itself. */
export const sampleAttributes: { readonly [Name in keyof Attributes]-?: NonNullable<Attributes[Name]> } = {
  contentType: 'application/vnd.kit-test+json; charset=utf-8',
  contentEncoding: 'identity',
  contentDisposition: 'attachment; filename="a b.json"',
  cacheControl: 'private, max-age=61',
  metadata: { title: 'A trip', 'with-dash': 'x=1; y="2"', empty: '', number: '007' },
  modified: new Date('2021-03-04T05:06:07.000Z'),
  mode: 0o640,
}
const names = [
  'contentType',
  'contentEncoding',
  'contentDisposition',
  'cacheControl',
  'metadata',
  'modified',
  'mode',
] as const

const single = names.map((name): Definition => ({
  title: `${name} comes back exactly where it is declared, and is refused where not (C6)`,
  async run(scene) {
    const declared = scene.capabilities.write?.attributes.includes(name) === true
    for (const [what, body] of [
      ['small', () => 'x'],
      ['large', () => inChunks(sampleBytes(3 * 2 ** 20))],
    ] as const) {
      const key = scene.key(what)
      const write = scene.store.write(key, body(), { [name]: sampleAttributes[name] })
      if (declared) {
        await write
        same((await scene.store.stat(key))[name], sampleAttributes[name], `attributes: ${name} is kept (${what})`)
        const reading = await scene.store.read(key)
        await reading[Symbol.asyncDispose]()
        same(reading.entry[name], sampleAttributes[name], `attributes: read tells ${name} (${what})`)
      } else {
        await rejects(write, 'Unsupported', `options: an attribute that is not declared is refused (${name})`)
        await rejects(scene.store.stat(key), 'NotFound', 'options: a refused write makes nothing')
      }
    }
  },
}))

export const attributes: CaseGroup = {
  name: 'attributes',
  needs: ['write'],
  cases: [
    ...single,
    {
      title: 'all that are declared come back together',
      async run(scene) {
        const declared = scene.capabilities.write?.attributes ?? []
        const given = Object.fromEntries(declared.map((name) => [name, sampleAttributes[name]]))
        const key = scene.key('all')
        await scene.store.write(key, 'x', given)
        const entry = await scene.store.stat(key)
        for (const name of declared)
          same(entry[name], sampleAttributes[name], `attributes: ${name} is kept beside the others`)
        if (scene.capabilities.ops.list === undefined) return
        const [listed] = await all(scene.store.list(scene.directory, { want: declared }))
        for (const name of declared) {
          if (listed?.[name] !== undefined)
            same(listed[name], sampleAttributes[name], `attributes: list tells ${name} as it is`)
        }
      },
    },
    {
      title: 'a new write drops the metadata of the old object',
      needs: ['write.metadata'],
      async run(scene) {
        const key = scene.key('dropped')
        await scene.store.write(key, 'x', { metadata: { old: '1', both: '1' } })
        await scene.store.write(key, 'y', { metadata: { both: '2' } })
        same((await scene.store.stat(key)).metadata, { both: '2' }, 'attributes: those of a write replace the old ones')
        await scene.store.write(key, 'z')
        const { metadata } = await scene.store.stat(key)
        same(metadata ?? {}, {}, 'attributes: a write without metadata leaves none')
      },
    },
    {
      title: 'metadata is what was given at the time of the write',
      needs: ['write.metadata'],
      async run(scene) {
        const metadata: Record<string, string> = { kept: 'yes' }
        await scene.store.write(scene.key('copied'), 'x', { metadata })
        metadata['kept'] = 'no'
        metadata['more'] = 'x'
        same(
          (await scene.store.stat(scene.key('copied'))).metadata,
          { kept: 'yes' },
          'attributes: the store keeps its own',
        )
      },
    },
    {
      title: 'metadata that no store can hold is refused before any I/O',
      needs: ['write.metadata'],
      async run(scene) {
        for (const metadata of [{ Upper: 'x' }, { 'sp ace': 'x' }, { '': 'x' }, { line: 'a\nb' }, { nul: '\0' }]) {
          const write = scene.store.write(scene.key('refused'), 'x', { metadata })
          await rejects(
            write,
            'InvalidConfig',
            'attributes: names are lower-case tokens, values hold no control characters',
          )
        }
        await rejects(scene.store.stat(scene.key('refused')), 'NotFound', 'options: a refused write makes nothing')
      },
    },
    {
      title: 'metadata of the declared length is kept, and of one byte more is TooLarge',
      needs: ['write.metadata', 'write.metadataMaxBytes'],
      async run(scene) {
        const max = scene.capabilities.write?.metadataMaxBytes ?? 0
        const fits = { note: 'x'.repeat(max - 4) }
        await scene.store.write(scene.key('fits'), 'x', { metadata: fits })
        same(
          (await scene.store.stat(scene.key('fits'))).metadata,
          fits,
          'limits: metadata of the declared length is kept',
        )
        const write = scene.store.write(scene.key('more'), 'x', { metadata: { note: 'x'.repeat(max - 3) } })
        await rejects(write, 'TooLarge', 'limits: metadata beyond the declared length is TooLarge')
      },
    },
  ],
}
