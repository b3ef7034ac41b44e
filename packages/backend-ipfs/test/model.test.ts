import { errorCode, openStore, type Store } from '@kit/core'
import { fs } from '@kit/backend-fs'
import { memory } from '@kit/backend-memory'
import { plan, run } from '@kit/core/transfer'
import { startKubo, temporaryFolder, type Kubo } from '@kit/test-servers'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plugin } from '../src/index.ts'
import { missing } from './nodes.ts'

type Step =
  | { readonly do: 'write'; readonly key: string; readonly text: string; readonly ifAbsent: boolean }
  | { readonly do: 'delete' | 'make' | 'remove'; readonly key: string }
  | { readonly do: 'copy' | 'move'; readonly key: string; readonly to: string }

// Few names, so that steps meet.
const key = fc.constantFrom('a', 'b', 'a/b', 'a/b/c', 'd/e', 'd/ä ?%+"', 'd')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('write' as const), key, text: fc.string({ maxLength: 9 }), ifAbsent: fc.boolean() }),
  fc.record({ do: fc.constantFrom('delete' as const, 'make' as const, 'remove' as const), key }),
  fc.record({ do: fc.constantFrom('copy' as const, 'move' as const), key, to: key }),
)

async function take(store: Store, given: Step): Promise<unknown> {
  switch (given.do) {
    case 'write':
      return store.write(given.key, given.text, given.ifAbsent ? { ifAbsent: true } : {})
    case 'delete':
      return store.delete(given.key)
    case 'make':
      return store.directories.make(given.key)
    case 'remove':
      return store.directories.remove(given.key)
    default:
      return store[given.do](given.key, given.to)
  }
}

async function outcome(store: Store, given: Step): Promise<string> {
  try {
    await take(store, given)
    return 'done'
  } catch (error) {
    const code = errorCode(error)
    // Of what lies below a file both are said.
    return given.do !== 'write' && code === 'NotDirectory' ? 'NotFound' : (code ?? String(error))
  }
}

/** All that is there, and what is in the files. */
async function stateOf(store: Store): Promise<string[]> {
  const lines: string[] = []
  for await (const { kind, key: name } of store.list('', { recursive: true, ordered: true })) {
    lines.push(kind === 'file' ? `${name} = ${await (await store.read(name)).text()}` : `${name}/`)
  }
  return lines
}

describe.skipIf(missing)('files of a daemon', () => {
  let node: Kubo
  let root = 0
  beforeAll(async () => {
    node = await startKubo()
  })
  afterAll(() => node.stop())

  it('are what the same steps make in a folder, success by success and refusal by refusal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        await using store = await openStore(
          plugin({ url: node.api, root: `/model-${++root}`, layers: { retry: false } }),
        )
        await using folder = await temporaryFolder('model')
        await using model = await openStore(fs({ path: folder.path, layers: { retry: false } }))
        for (const given of steps) {
          const [came, expected] = [await outcome(store, given), await outcome(model, given)]
          if (came !== expected) throw new Error(`${JSON.stringify(given)}: ${came}, and in a folder ${expected}`)
        }
        const [came, expected] = [await stateOf(store), await stateOf(model)]
        if (came.join('\n') !== expected.join('\n')) throw new Error(`${came.join('\n')}\n---\n${expected.join('\n')}`)
      }),
      { numRuns: 40 },
    )
  })

  it('take a tree from a folder and give it on, equal by name and content', async () => {
    await using folder = await temporaryFolder('tree')
    await using from = await openStore(fs({ path: folder.path }))
    await using store = await openStore(plugin({ url: node.api, root: `/tree-${++root}` }))
    await using to = await openStore(memory({}))
    for (let index = 0; index < 40; index++) {
      await from.write(`d${index % 3}/${index % 5}/f${index}`, new Uint8Array(index * 40_000).fill(index))
    }
    for (const [one, other] of [
      [from, store],
      [store, to],
    ] as const) {
      const ends = [{ store: one }, { store: other }] as const
      const results = run(...ends, plan(...ends, { kind: 'sync' }), { verify: 'read' })
      for await (const { status, error } of results) expect([status, error]).toEqual(['done', undefined])
    }
    const files = async (tree: Store): Promise<string[]> => (await stateOf(tree)).filter((line) => line.includes(' = '))
    expect(await files(to)).toEqual(await files(from))
  })
})
