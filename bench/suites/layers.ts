// What the layers cost: a `stat` of the memory backend, which itself takes next to no time, through each of them and through all.
import { memory } from '@kit/backend-memory'
import { Metrics, metrics, openStore, trace, type Layer, type Store } from '@kit/core'
import type { Cases, TimedCase } from '../case.ts'

type Layers = NonNullable<Parameters<typeof memory>[0]['layers']>

const none: Layers = { retry: false, stall: false, verify: false }
const count = 1000

let spans = 0
const tracing = (): Layer =>
  trace(({ durationMs }) => {
    if (durationMs >= 0) spans += 1
  })

function statThrough(
  what: string,
  layers: Layers,
  own: () => readonly Layer[],
  bar: Pick<TimedCase, 'limit' | 'aim'> = {},
): TimedCase {
  let store: Store | undefined
  return {
    name: `stat, ${what}`,
    unit: 'µs',
    clock: 'thread',
    count,
    ...bar,
    async setup() {
      store = await openStore(memory({ layers }), { layers: own() })
      await store.write('a', 'x')
      const { size } = await store.stat('a')
      if (size !== 1) throw new Error(`the object has ${size} bytes, not 1`)
    },
    async kit() {
      for (let call = 0; call < count; call += 1) await store?.stat('a')
    },
    async teardown() {
      await store?.close()
    },
  }
}

const six: Layers = { verify: false, deadline: '30 s', concurrency: { max: 64 } }

export const cases: Cases = [
  statThrough('no layer', none, () => []),
  statThrough('trace', none, () => [tracing()]),
  statThrough('metrics', none, () => [metrics(new Metrics())]),
  statThrough('deadline', { ...none, deadline: '30 s' }, () => []),
  statThrough('retry', { ...none, retry: {} }, () => []),
  statThrough('stall', { ...none, stall: '60 s' }, () => []),
  statThrough('concurrency', { ...none, concurrency: { max: 64 } }, () => []),
  statThrough('default layers', {}, () => []),
  statThrough(
    'trace, metrics, deadline, retry, stall and concurrency',
    six,
    () => [tracing(), metrics(new Metrics())],
    {
      limit: 3,
      aim: 1.5,
    },
  ),
]
