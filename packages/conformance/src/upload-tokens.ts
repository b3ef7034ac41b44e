import { bytesSource, type UploadToken } from '@kit/core'
import type { Definition } from './case.ts'
import { rejects, same } from './expect.ts'
import type { Scene } from './scene.ts'

/** What a token that is not one may be refused with. */
const refusals = ['NotFound', 'InvalidConfig', 'InvalidKey', 'InvalidRange'] as const

const hostileTexts = [
  '',
  '.',
  '..',
  '../..',
  '../../objects',
  '/etc/passwd',
  'a/b',
  'a\\b',
  '%2e%2e%2f',
  '\0',
  '\ud800',
  'x'.repeat(5000),
  'ffffffffffffffffffffffffffffffff',
  '?uploads&prefix=',
]

const hostileValues: readonly unknown[] = [
  ...hostileTexts,
  null,
  0,
  -1,
  true,
  [],
  {},
  { id: '../..' },
  ['..', '..'],
  JSON.parse('{"__proto__": {"id": "x"}}'),
]

/** The state with every text in it, one at a time, made another; and other values altogether. */
function mutations(state: unknown): unknown[] {
  const inside = textPaths(state).flatMap((path) => {
    const text = String(path.reduce((value: unknown, name) => Reflect.get(Object(value), name), state))
    const last = text.at(-1) === '0' ? '1' : '0'
    const near = [`${text}/..`, `../${text}`, text.slice(0, -1), text.slice(0, -1) + last, `${text}\0`]
    return [...near, ...hostileTexts].filter((other) => other !== text).map((other) => withText(state, path, other))
  })
  return [...hostileValues, ...inside]
}

function textPaths(value: unknown): string[][] {
  if (typeof value === 'string') return [[]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => textPaths(inner).map((path) => [name, ...path]))
}

function withText(value: unknown, [name, ...rest]: string[], text: string): unknown {
  if (name === undefined) return text
  const copy: object = Array.isArray(value) ? [...value] : { ...Object(value) }
  Reflect.set(copy, name, withText(Reflect.get(copy, name), rest, text))
  return copy
}

async function begun(scene: Scene, name: string): Promise<UploadToken> {
  const token: UploadToken = JSON.parse(JSON.stringify(await scene.store.upload.start(scene.key(name), {})))
  await scene.store.upload.part(token, 1, bytesSource(new TextEncoder().encode(name)))
  return token
}

async function refused(scene: Scene, token: UploadToken, rule: string): Promise<void> {
  const { part, parts, finish } = scene.store.upload
  await rejects(part(token, 1, bytesSource(new Uint8Array(3))), refusals, rule)
  await rejects(parts(token), refusals, rule)
  await rejects(finish(token), refusals, rule)
}

/** Success, as for what has ended, or a refusal. */
async function abortsNothing(scene: Scene, token: UploadToken): Promise<void> {
  await scene.store.upload.abort(token).catch(async (error: unknown) => {
    await rejects(Promise.reject(error), refusals, 'uploads: aborting what is no upload is success or refused')
  })
}

/** A token is kept in files and sent over networks: whoever uses one may have made it up. */
export const tokenCases: readonly Definition[] = [
  {
    title: 'a token with a made-up state is refused and touches nothing',
    async run(scene) {
      await scene.put('object', 'object')
      const token = await begun(scene, 'real')
      const states = mutations(token.state)
      for (const state of scene.full || scene.subject.inProcess === true ? states : states.slice(0, 40)) {
        const hostile = { ...token, state }
        await refused(scene, hostile, `uploads: a made-up state is refused (${JSON.stringify(state).slice(0, 80)})`)
        await abortsNothing(scene, hostile)
      }
      await scene.store.upload.finish(token)
      same(await scene.text(scene.key('real')), 'real', 'uploads: made-up tokens leave the real one as it is')
      same(await scene.text(scene.key('object')), 'object', 'uploads: made-up tokens leave objects as they are')
    },
  },
  {
    title: 'a token whose key was changed is refused and touches nothing',
    async run(scene) {
      await scene.put('victim', 'victim')
      const token = await begun(scene, 'real')
      for (const key of [scene.key('victim'), scene.key('new'), '', '/', '../x', 'a//b', 'a\0b', '.kit/x']) {
        const hostile = { ...token, key }
        const codes = [...refusals, 'IsDirectory'] as const
        await rejects(
          scene.store.upload.finish(hostile),
          codes,
          `uploads: another key is refused (${JSON.stringify(key)})`,
        )
      }
      same(await scene.text(scene.key('victim')), 'victim', 'uploads: a changed key reaches no other object')
      await rejects(scene.store.stat(scene.key('new')), 'NotFound', 'uploads: a changed key makes no object')
      await scene.store.upload.finish(token)
      same(await scene.text(scene.key('real')), 'real', 'uploads: made-up tokens leave the real one as it is')
    },
  },
  {
    title: 'a token of one upload does not reach another',
    async run(scene) {
      const [one, other] = [await begun(scene, 'one'), await begun(scene, 'other')]
      await refused(scene, { ...one, state: other.state }, 'uploads: key and state belong together')
      await scene.store.upload.abort(one)
      await scene.store.upload.finish(other)
      same(await scene.text(scene.key('other')), 'other', 'uploads: ending one leaves the others as they are')
    },
  },
]
