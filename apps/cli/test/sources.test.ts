import { memory } from '@kit/backend-memory'
import { openStore, parseKey, type StoreEntry } from '@kit/core'
import type { Action } from '@kit/core/transfer'
import { expect, test } from 'vitest'
import type { Place } from '../src/session.ts'
import { provenSame } from '../src/sources.ts'

async function place(key: string): Promise<Place> {
  const store = await openStore(memory({}))
  return { store, key: parseKey(key), rootName: '', addressOf: (key) => key }
}

function same(key: string, size: number, by: 'size' | 'modified'): Action {
  const entry: StoreEntry = { kind: 'file', key: parseKey(key), size }
  return { action: 'skip', key, entry, reason: 'same', by }
}

async function* planned(): AsyncGenerator<Action> {
  yield same('in/empty', 0, 'size')
  yield same('in/sized', 3, 'size')
  yield same('in/timed', 3, 'modified')
}

test('what is alike by its size alone is copied again, unless that is said to be enough', async () => {
  const from = await place('in')
  const to = await place('out')
  expect(await Array.fromAsync(provenSame(planned(), from, to, {}))).toMatchObject([
    { action: 'skip', key: 'in/empty' },
    { action: 'copy', from: 'in/sized', to: 'out/sized', how: 'stream', reason: 'asked' },
    { action: 'skip', key: 'in/timed' },
  ])
  const within = await Array.fromAsync(provenSame(planned(), from, { ...to, store: from.store }, {}))
  expect(within[1]).toMatchObject({ action: 'copy', how: 'store' })
  const trusted = await Array.fromAsync(provenSame(planned(), from, to, { sizeOnly: true }))
  expect(trusted.map(({ action }) => action)).toStrictEqual(['skip', 'skip', 'skip'])
})
