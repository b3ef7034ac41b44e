import { type Key } from '@kit/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TreeChange } from '../../src/index.ts'
import { allOf, codeOf, context, program, site, type Program } from './subject.ts'
import { paths } from '../../src/index.ts'

type State = ReadonlyMap<string, string>

const keys = ['a', 'b', 'dir/a', 'dir/b', 'dir/deep/a', 'other/a']
/** So many that `wide` is sharded. */
const wide = Array.from({ length: 1300 }, (_, index) => `wide/${`${index}`.padEnd(200, '.')}`)

const step = fc.oneof(
  fc.record({ write: fc.constantFrom(...keys, ...wide.slice(0, 3)), text: fc.constantFrom('1', '22', '333') }),
  fc.record({ remove: fc.constantFrom(...keys, ...wide.slice(0, 3)) }),
  fc.record({ move: fc.constantFrom(...keys), to: fc.constantFrom(...keys) }),
  fc.record({ restore: fc.constantFrom('', 'a', 'dir', 'dir/a', 'wide'), back: fc.nat(5) }),
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

const under = (path: string, key: string): boolean => path === '' || key === path || key.startsWith(`${path}/`)

interface Point {
  readonly commit: string
  readonly state: State
}

/** What a step makes of the newest state; `undefined` where it must fail. */
function after(trail: readonly Point[], given: Step): State | undefined {
  const next = new Map(trail.at(-1)?.state)
  if ('write' in given) return next.set(given.write, given.text)
  if ('remove' in given) {
    next.delete(given.remove)
    return next
  }
  if ('move' in given) {
    const text = next.get(given.move)
    if (text === undefined) return undefined
    next.delete(given.move)
    return next.set(given.to, text)
  }
  for (const key of next.keys()) if (under(given.restore, key)) next.delete(key)
  for (const [key, text] of pointOf(trail, given.back).state) if (under(given.restore, key)) next.set(key, text)
  return next
}

function pointOf(trail: readonly Point[], back: number): Point {
  const point = trail.at(-1 - Math.min(back, trail.length - 1))
  if (point === undefined) throw new Error('there is no state yet')
  return point
}

function take({ tree, write, remove }: Program, given: Step, trail: readonly Point[]): Promise<unknown> {
  if ('write' in given) return write(given.write, given.text)
  if ('remove' in given) return remove(given.remove)
  if ('restore' in given) return tree.restore(given.restore, pointOf(trail, given.back).commit, {}, context)
  return tree.move?.(context, given.move as Key, given.to as Key, {}) ?? Promise.reject(new Error('no move'))
}

async function differences(tree: Program['tree'], from: string | undefined, to: string): Promise<TreeChange[]> {
  return (await allOf(tree.diff(from, to, context))).filter(({ kind }) => kind === 'file')
}

describe('the history of a tree', () => {
  it('has every state: each is read, compared and restored as a model says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), fc.boolean(), async (steps, sharded) => {
        const { open } = site()
        const one = open()
        const start = new Map<string, string>()
        if (sharded) {
          for (const key of wide) start.set(key, '0')
          await Promise.all([...start].map(([key, text]) => one.write(key, text)))
        } else await one.write('a', (start.set('a', '0'), '0'))
        const head = async (): Promise<string> => (await one.tree.head(context))?.cid ?? ''
        const trail: Point[] = [{ commit: await head(), state: start }]
        for (const given of steps) {
          const model = after(trail, given)
          expect(await codeOf(take(one, given, trail))).toBe(model === undefined ? 'NotFound' : 'success')
          const commit = await head()
          // A commit for each change, and for no other call.
          if (model !== undefined && commit !== trail.at(-1)?.commit) trail.push({ commit, state: model })
        }
        // As a program that has just begun finds it.
        const fresh = open()
        const newest = pointOf(trail, 0)
        if (!sharded) expect(await fresh.all()).toEqual(newest.state)
        const history = (await allOf(fresh.tree.history(context))).map(({ cid }) => cid)
        expect(history.slice(0, trail.length)).toEqual(trail.map(({ commit }) => commit).toReversed())
        for (const key of [...keys, ...wide.slice(0, 3)]) {
          const versions = (await allOf(fresh.tree.versions?.(context, key as Key) ?? [])).flatMap(
            ({ entries }) => entries,
          )
          const texts = await Promise.all(versions.map(({ version }) => fresh.read(key, version)))
          const model = trail
            .map(({ state }) => state.get(key))
            .filter((text, at, all) => at === 0 || text !== all[at - 1])
          expect(texts).toEqual(model.filter((text) => text !== undefined).toReversed())
        }
        for (const [from, to] of [
          [trail[0], newest],
          [newest, trail[0]],
          [pointOf(trail, 1), newest],
        ] as const) {
          if (from === undefined || to === undefined) continue
          const model = [...new Set([...from.state.keys(), ...to.state.keys()])].flatMap((key) => {
            const [old, made] = [from.state.get(key), to.state.get(key)]
            return old === made
              ? []
              : `${old === undefined ? 'added' : made === undefined ? 'removed' : 'changed'} ${key}`
          })
          const changes = await differences(fresh.tree, from.commit, to.commit)
          expect(changes.map(({ path, change }) => `${change} ${path}`).toSorted()).toEqual(model.toSorted())
        }
      }),
      { numRuns: 40 },
    )
  }, 60_000)

  it('of a sharded directory is compared without reading what is equal', async () => {
    const { blocks, refs, open } = site()
    const one = open()
    await Promise.all(Array.from({ length: 8000 }, (_, index) => one.write(`d/name number ${index}`, 'x')))
    const before = await one.tree.head(context)
    await one.write('d/name number 77', 'y')
    await one.write('d/one more', 'y')
    await one.remove('d/name number 5000')
    const now = await one.tree.head(context)
    blocks.reads.length = 0
    const fresh = program(paths(blocks, refs))
    const changes = await allOf(fresh.tree.diff(before?.cid, now?.cid ?? '', context))
    expect(
      changes
        .filter(({ kind }) => kind === 'file')
        .map(({ path, change }) => `${change} ${path}`)
        .toSorted(),
    ).toEqual(['added d/one more', 'changed d/name number 77', 'removed d/name number 5000'])
    expect(blocks.reads.length).toBeLessThan(30)
  }, 30_000)

  it('is kept as long as it was told: by number, by age, and the newest always', async () => {
    const { open, blocks, refs } = site()
    let today = 0
    const now = (): Date => new Date(Date.UTC(2026, 0, 1 + today))
    const writer = open({ now, keep: { last: 1000 } })
    for (today = 0; today < 10; today++) await writer.write('a', `${today}`)
    today = 9
    const kept = async (keep: object): Promise<number> =>
      (await allOf(open({ now, keep }).tree.history(context))).length
    expect(await kept({ last: 3 })).toBe(3)
    expect(await kept({ last: 1, days: 4 })).toBe(5)
    expect(await kept({ last: 7, days: 4 })).toBe(7)
    expect(await kept({ days: 0 })).toBe(10) // 100 by number
    today = 300
    expect(await kept({ last: 1, days: 4 })).toBe(1)
    const { tree, read } = open({ now, keep: { last: 3 } })
    const all = await allOf(writer.tree.history(context))
    expect(await allOf(tree.retained(context))).toEqual(all.slice(0, 3).map(({ cid, root }) => ({ commit: cid, root })))
    const versions = (await allOf(tree.versions?.(context, 'a' as Key) ?? [])).flatMap(({ entries }) => entries)
    expect(versions.map(({ version }) => version)).toEqual(all.slice(0, 3).map(({ cid }) => cid))
    expect(await read('a', all[2]?.cid)).toBe('7')
    expect(await read('a', all[3]?.cid)).toBe('NotFound')
    expect(await codeOf(tree.restore('a', all[3]?.cid ?? '', {}, context))).toBe('NotFound')
    // What is retained is enough: everything else may go.
    const { blocks: left } = site()
    const names = new Set<string>()
    const whole = program(
      paths({ ...blocks, get: (cid, call) => (names.add(cid), blocks.get(cid, call)) }, refs, { keep: { last: 3 } }),
    )
    for await (const { commit, root } of whole.tree.retained(context)) names.add(commit).add(root)
    for (const { cid } of all.slice(0, 3)) await whole.read('a', cid)
    for (const name of names)
      if (!all.slice(3).some(({ cid }) => cid === name))
        left.blocks.set(name, blocks.blocks.get(name) ?? new Uint8Array())
    const remains = program(paths(left, refs, { keep: { last: 3 } }))
    expect(await Promise.all(all.slice(0, 3).map(({ cid }) => remains.read('a', cid)))).toEqual(['9', '8', '7'])
    expect(
      (await allOf(remains.tree.versions?.(context, 'a' as Key) ?? [])).flatMap(({ entries }) => entries),
    ).toHaveLength(3)
    expect(await codeOf(remains.write('a', 'more'))).toBe('success')
  })

  it('tells a batch as one commit with its message, which fails where the tree is another', async () => {
    const { open } = site()
    const { tree, write, read } = open()
    await write('a', '1')
    const head = await tree.head(context)
    const source = { size: 1, bytes: new Uint8Array([50]), open: () => null }
    const changes = [{ write: 'b' as Key, source }, { move: 'a' as Key, to: 'c/a' as Key }, { delete: 'none' as Key }]
    const entries = await tree.batch?.(context, changes, { message: 'two things', ifMatch: `"${head?.cid}"` })
    expect(entries?.map(({ key }) => key)).toEqual(['b', 'c/a'])
    const now = await tree.head(context)
    expect(now).toMatchObject({ message: 'two things', parent: head?.cid })
    expect(entries?.map(({ version }) => version)).toEqual([now?.cid, now?.cid])
    expect(await codeOf(tree.batch?.(context, changes, { ifMatch: `"${head?.cid}"` }) ?? Promise.resolve())).toBe(
      'ConditionFailed',
    )
    expect([await read('a'), await read('b'), await read('c/a')]).toEqual(['NotFound', '2', '1'])
  })

  it('restores a directory with one link, and tells it in words', async () => {
    const { open, blocks } = site()
    const { tree, write, all, remove } = open()
    await write('dir/a', '1')
    await write('dir/sub/b', '2')
    const then = await tree.head(context)
    const before = await all()
    await remove('dir/a')
    await write('dir/sub/b', '3')
    await write('beside', 'x')
    blocks.writes.length = 0
    const made = await tree.restore('dir', then?.cid ?? '', {}, context)
    expect(made.message).toBe(`restore "dir" from ${then?.cid}`)
    expect(blocks.writes).toHaveLength(2) // the root and the commit
    expect(await all()).toEqual(new Map([...before, ['beside', 'x']]))
    expect(await codeOf(tree.restore('', then?.cid ?? '', { ifMatch: `"${then?.cid}"` }, context))).toBe(
      'ConditionFailed',
    )
    await tree.restore('', then?.cid ?? '', { ifMatch: `"${made.cid}"` }, context)
    expect(await all()).toEqual(before)
  })
})
