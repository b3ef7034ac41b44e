import { chaos, Metrics, metrics, trace, type Layer, type LayerSettings } from '@kit/core'

/** Layers to run the whole suite through: `settings` goes into the store's options, `own` into those of `openStore`. */
export interface LayerSet {
  readonly name: string
  readonly settings: LayerSettings
  own(): readonly Layer[]
}

const none: LayerSettings = { retry: false, stall: false, verify: false, concurrency: false }
const nothing = (): readonly Layer[] => []
const watching = (): readonly Layer[] => [trace(({ operation }) => operation.length), metrics(new Metrics())]
const delaying = (): readonly Layer[] => [chaos({ failures: 0, delayMs: 1, random: () => 1 })]

/** No layer, each one alone, and all at once. What a store does must not depend on which of them are there. */
export const layerSets: readonly LayerSet[] = [
  { name: 'no layer', settings: none, own: nothing },
  { name: 'trace and metrics', settings: none, own: watching },
  { name: 'deadline', settings: { ...none, deadline: '60 s' }, own: nothing },
  { name: 'verify', settings: { ...none, verify: true }, own: nothing },
  { name: 'retry', settings: { ...none, retry: { attempts: 5, base: 10 } }, own: nothing },
  { name: 'stall', settings: { ...none, stall: '30 s' }, own: nothing },
  { name: 'concurrency', settings: { ...none, concurrency: { max: 2 } }, own: nothing },
  { name: 'delays below', settings: none, own: delaying },
  {
    name: 'all layers',
    settings: { deadline: '60 s', retry: { attempts: 3 }, stall: '30 s', concurrency: { max: 16 }, verify: true },
    own: () => [...watching(), ...delaying()],
  },
]
