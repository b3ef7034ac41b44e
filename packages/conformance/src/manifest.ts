import { effectiveCapabilities, isStorageError, manifestOf, type Capabilities } from '@kit/core'
import type { CaseGroup } from './case.ts'
import { broken, holds, rejection, same } from './expect.ts'

/** What `actual` can and `most` cannot, as paths. */
function beyond(actual: unknown, most: unknown, path: string): string[] {
  if (actual === undefined || actual === false) return []
  if (Array.isArray(actual)) {
    const allowed: readonly unknown[] = Array.isArray(most) ? most : []
    return actual.filter((item) => !allowed.includes(item)).map((item) => `${path}: ${String(item)}`)
  }
  if (typeof actual === 'object' && actual !== null) {
    return Object.entries(actual).flatMap(([name, value]) =>
      beyond(value, Reflect.get(Object(most), name), `${path}.${name}`),
    )
  }
  // `native` may become `emulated`, never the other way round; limits and other words are the store's own.
  const how = actual === 'native' || actual === 'emulated' || actual === true
  return how && (most === undefined || (actual === 'native' && most === 'emulated')) ? [path] : []
}

function most({ ops, read, write, list, delete: remove }: Capabilities): unknown {
  return { ops, read, write, list, delete: remove }
}

export const manifest: CaseGroup = {
  name: 'manifest',
  needs: [],
  cases: [
    {
      title: 'the capabilities of a store are those that the cases were chosen by, and stay',
      async run(scene) {
        const first = structuredClone(scene.store.capabilities)
        same(first, scene.capabilities, 'capabilities: those of an opened store are those that were told')
        const other = await scene.another()
        await scene.store.stat(scene.key('missing')).catch(() => undefined)
        await other.ping().catch(() => undefined)
        same(scene.store.capabilities, first, 'capabilities: fixed for the life of the instance')
        same(other.capabilities, first, 'capabilities: the same for every instance of one spec')
      },
    },
    {
      title: 'kit.json says what the plugin says',
      needs: ['subject.plugin', 'subject.manifest'],
      async run({ subject }) {
        if (subject.plugin === undefined) return
        same(
          subject.manifest,
          manifestOf(subject.plugin),
          'manifest: kit.json is made from the plugin, and differs from it',
        )
      },
    },
    {
      title: 'a store can nothing that its plugin does not declare',
      needs: ['subject.plugin'],
      async run({ subject, store }) {
        if (subject.plugin === undefined) return
        const declared = effectiveCapabilities(subject.plugin.capabilities)
        same(
          beyond(most(store.capabilities), most(declared), 'capabilities'),
          [],
          'capabilities: a plugin declares the most, options and layers only take away',
        )
      },
    },
    {
      title: 'the plugin is well formed: contract, names, described options',
      needs: ['subject.plugin'],
      async run({ subject: { plugin } }) {
        if (plugin === undefined) return
        holds(
          Number.isInteger(plugin.contract) && plugin.contract >= 0,
          'manifest: the contract is a number',
          0,
          plugin.contract,
        )
        for (const name of [plugin.type, ...plugin.aliases]) {
          holds(/^[a-z][a-z0-9_-]*$/.test(name), 'manifest: types are lower-case words', 'a word', name)
        }
        for (const scheme of plugin.schemes) {
          holds(/^[a-z][a-z0-9+.-]*$/.test(scheme), 'manifest: schemes are written without colon', 'a scheme', scheme)
        }
        for (const [name, option] of Object.entries<{ description?: unknown }>(plugin.options)) {
          const described = typeof option.description === 'string' && option.description.length > 0
          holds(described, 'manifest: every option has a description', name, option)
        }
      },
    },
    {
      title: 'an inline address with credentials is refused',
      needs: ['subject.plugin'],
      async run({ subject: { plugin } }) {
        const text = `${plugin?.schemes[0] ?? 'none'}://user:secret@host.example.org/path`
        // Such as file: URLs, which have no credentials at all.
        if (plugin?.address === undefined || !URL.canParse(text)) return
        const parse = async (): Promise<unknown> => plugin.address?.(new URL(text))
        const error = await rejection(parse(), 'options: credentials in an address are refused')
        if (!isStorageError(error)) throw broken('errors: every rejection is a StorageError', 'InvalidConfig', error)
        holds(!error.message.includes('secret'), 'options: secrets are never printed', 'no secret', error.message)
      },
    },
    {
      title: 'opening a store makes no request',
      async run(scene) {
        if (scene.subject.requests === undefined) return
        const before = await scene.subject.requests()
        await scene.another()
        same(await scene.subject.requests(), before, 'options: opening opens no connection')
      },
    },
  ],
}
