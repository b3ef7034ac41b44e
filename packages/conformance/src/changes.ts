import type { ChangeNotice } from '@kit/core'
import type { CaseGroup } from './case.ts'
import { rejection, same, within } from './expect.ts'
import type { Scene } from './scene.ts'

/** The first notice that names the key or tells of a gap. */
async function noticed(scene: Scene, notices: AsyncIterator<ChangeNotice>, key: string): Promise<ChangeNotice> {
  for (;;) {
    const step = await within(scene.patienceMs, notices.next(), `changes: a change of ${key} is noticed`)
    if (step.done === true) throw new Error('broken rule — changes: they end only on abort or return()')
    if (step.value.lost === true || step.value.keys.includes(key)) return step.value
  }
}

export const changes: CaseGroup = {
  name: 'changes',
  needs: ['write', 'changes'],
  cases: [
    {
      title: 'a new, a changed and a deleted object are noticed',
      async run(scene) {
        const notices = scene.store.changes()[Symbol.asyncIterator]()
        const first = noticed(scene, notices, scene.key('seen'))
        await new Promise((resolve) => setTimeout(resolve, 50))
        await scene.put('seen', '1')
        await first
        await scene.put('other', '2')
        await noticed(scene, notices, scene.key('other'))
        if (scene.capabilities.ops.delete !== undefined) {
          await scene.store.delete(scene.key('other'))
          await noticed(scene, notices, scene.key('other'))
        }
        await within(scene.patienceMs, Promise.resolve(notices.return?.()), 'cancelling: return() ends a listener soon')
      },
    },
    {
      title: 'a listener that waits ends with the signal',
      async run(scene) {
        const controller = new AbortController()
        const notices = scene.store.changes({ signal: controller.signal })[Symbol.asyncIterator]()
        const step = (async () => {
          for (;;) if ((await notices.next()).done === true) return
        })()
        await new Promise((resolve) => setTimeout(resolve, 30))
        controller.abort()
        const error = await within(
          scene.patienceMs,
          rejection(step, 'changes: abort rejects'),
          'cancelling: abort ends a listener soon',
        )
        same(Object(error).name, 'AbortError', 'cancelling: a listener rejects with Aborted')
      },
    },
    {
      title: 'a resumed listener is told what it missed',
      async run(scene) {
        if (scene.capabilities.changes?.resumable !== true) return
        const notices = scene.store.changes()[Symbol.asyncIterator]()
        const first = noticed(scene, notices, scene.key('before'))
        await new Promise((resolve) => setTimeout(resolve, 50))
        await scene.put('before', 'x')
        const { cursor } = await first
        await notices.return?.()
        await scene.put('missed', 'x')
        const resumed = scene.store.changes({ since: cursor })[Symbol.asyncIterator]()
        await noticed(scene, resumed, scene.key('missed'))
        await resumed.return?.()
      },
    },
  ],
}
