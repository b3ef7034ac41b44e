import { errorCode, type ErrorCode, type StorageError } from '@kit/core'
import type { CaseGroup } from './case.ts'
import { all, holds, rejects, same, sameBytes } from './expect.ts'
import { sampleBytes } from './samples.ts'
import type { Scene } from './scene.ts'
import type { Fault } from './subject.ts'

/** Every kind of call while something is wrong below; all of them fail with one of the codes. `key` is of what is there. */
async function allFail(
  scene: Scene,
  fault: Fault,
  codes: readonly ErrorCode[],
  rule: string,
): Promise<{ readonly key: string; readonly errors: readonly StorageError[] }> {
  const { store, capabilities } = scene
  const key = await scene.put('there', 'the old value')
  // Beside it, wherever a store that makes up its keys has put it.
  const missing = `${key.slice(0, key.lastIndexOf('/'))}/missing`
  const wrong = await scene.subject.fault?.(fault)
  try {
    const work: Promise<unknown>[] = [store.stat(key), store.read(key), store.stat(missing)]
    if (capabilities.ops.list !== undefined) work.push(all(store.list(scene.directory)))
    if (capabilities.ops.write !== undefined) work.push(store.write(key, 'new'), store.write(missing, 'new'))
    if (capabilities.ops.delete !== undefined) work.push(store.delete(missing))
    if (capabilities.ops.ping !== undefined) work.push(store.ping())
    return { key, errors: await Promise.all(work.map((call) => rejects(call, codes, rule))) }
  } finally {
    await wrong?.[Symbol.asyncDispose]()
  }
}

export const faults: CaseGroup = {
  name: 'faults',
  needs: ['objects to read', 'subject.fault'],
  cases: [
    {
      title: 'a store that does not answer is Unavailable or Timeout, never NotFound, and works again later (E3, R6)',
      async run(scene) {
        const rule = 'errors: a store that does not answer is Unavailable or Timeout'
        const { key, errors } = await allFail(scene, { kind: 'offline' }, ['Unavailable', 'Timeout'], rule)
        for (const error of errors) {
          holds(error.retry !== 'never', 'errors: a retry may help (E4, E6)', 'safe or exhausted', error.retry)
        }
        const text = await scene.text(key)
        holds(text === 'the old value' || text === 'new', 'errors: the store works again', 'a whole object', text)
      },
    },
    {
      title: 'a store that is asked too much is RateLimited or Unavailable, and a retry is told to help (E4, E6)',
      async run(scene) {
        const rule = 'errors: a store that is asked too much is RateLimited'
        const { key, errors } = await allFail(scene, { kind: 'busy' }, ['RateLimited', 'Unavailable'], rule)
        for (const error of errors) {
          holds(error.retry !== 'never', 'errors: a retry may help', 'safe or exhausted', error.retry)
        }
        same(await scene.text(key), 'the old value', 'errors: what was refused changed nothing')
      },
    },
    {
      title: 'a store that refuses the caller is Unauthenticated or PermissionDenied, and never retried (E4)',
      async run(scene) {
        const rule = 'errors: a refusal is Unauthenticated or PermissionDenied'
        const { key, errors } = await allFail(scene, { kind: 'denied' }, ['Unauthenticated', 'PermissionDenied'], rule)
        for (const error of errors) {
          same(error.retry, 'never', 'errors: a refusal is never retried')
        }
        same(await scene.text(key), 'the old value', 'errors: what was refused changed nothing')
      },
    },
    {
      title: 'a body that breaks off is resumed or fails, and never ends short (C5, R6)',
      async run(scene) {
        const bytes = sampleBytes(3 * 2 ** 20)
        const key = await scene.put('cut', bytes)
        for (const afterBytes of [0, 1, 100_000, 2 * 2 ** 20]) {
          const wrong = await scene.subject.fault?.({ kind: 'cut', afterBytes })
          try {
            const came = await scene.get(key).catch((error: unknown) => error)
            if (came instanceof Uint8Array) sameBytes(came, bytes, 'reads: a broken body resumes at the offset')
            else {
              const code = errorCode(came)
              const typed = code !== undefined && ['Unavailable', 'Timeout', 'Corrupt', 'Conflict'].includes(code)
              holds(typed, 'reads: a broken body is a typed error', 'Unavailable', came)
            }
          } finally {
            await wrong?.[Symbol.asyncDispose]()
          }
        }
      },
    },
  ],
}
