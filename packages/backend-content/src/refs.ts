import type { BlockCall, Refs } from '@kit/content'
import type { Packs } from './packs.ts'

/** The name of the newest commit of the tree of paths. */
export const headRef = 'main'

/** Names kept in the log: a swap is one record. What was put before it comes before it in the log, so it is as durable. */
export function refsOf(current: (call: BlockCall) => Promise<Packs>): Refs {
  return {
    async get(name, call) {
      return (await current(call)).state.refs.get(name)
    },
    async compareAndSwap(name, from, to, call) {
      const packs = await current(call)
      const done = await packs.change(`ref ${name}`, () =>
        packs.state.refs.get(name) === from ? { ref: name, cid: to } : undefined,
      )
      return done !== undefined
    },
  }
}
