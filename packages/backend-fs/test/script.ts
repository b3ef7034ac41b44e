import type { Source } from '@kit/core'
import { bytes, context, key, methods, stream, type Store } from './support.ts'

/** What a key may hold: nothing, or one of these texts. */
export type Allowed = Map<string, ReadonlySet<string | undefined>>

export interface Step {
  readonly run: (store: Store) => Promise<unknown>
  /** Keys and what they hold afterwards. */
  readonly gives: Readonly<Record<string, string | undefined>>
  /** The same where the keys held nothing before, because an earlier step had failed. */
  readonly fromNothing?: Readonly<Record<string, string>>
}

const long = (character: string): string => character.repeat(300_000)

/** What is uploaded in parts: two and a half of 1,000 bytes. */
export const inParts = 'abcde'.repeat(500)

/** Every operation that changes something, one after the other. */
export const script: readonly Step[] = [
  { run: (store) => store.put('a/b/new', 'one'), gives: { 'a/b/new': 'one' } },
  { run: (store) => store.put('a/b/new', 'two'), gives: { 'a/b/new': 'two' } },
  { run: (store) => store.put('c', 'absent', { ifAbsent: true }), gives: { c: 'absent' } },
  {
    run: async (store) => store.put('a/b/new', 'three', { ifMatch: (await store.stat('a/b/new')).etag, mode: 0o640 }),
    gives: { 'a/b/new': 'three' },
  },
  {
    run: (store) => store.put('long', stream([long('x'), 'y', long('z')])),
    gives: { long: `${long('x')}y${long('z')}` },
  },
  {
    run: (store) => methods(store.backend).copy(context(), key('c'), key('d/copy'), {}),
    gives: { 'd/copy': 'absent' },
  },
  {
    run: (store) => methods(store.backend).move(context(), key('d/copy'), key('e/moved'), {}),
    gives: { 'd/copy': undefined, 'e/moved': 'absent' },
  },
  {
    run: (store) => methods(store.backend).move(context(), key('e/moved'), key('f'), { ifAbsent: true }),
    gives: { 'e/moved': undefined, f: 'absent' },
  },
  { run: (store) => methods(store.backend).delete(context(), key('c'), {}), gives: { c: undefined } },
  { run: (store) => methods(store.backend).update(context(), key('f'), { mode: 0o600 }), gives: {} },
  {
    run: async (store) => {
      const handle = await methods(store.backend).open(context(), key('f'), 'write')
      try {
        await handle.write?.(context(), bytes('AB'), 0)
        await handle.truncate?.(context(), 5)
        await handle.publish?.(context(), { ifMatch: handle.entry.etag })
      } finally {
        await handle.close()
      }
    },
    gives: { f: 'ABsen' },
    fromNothing: { f: 'AB\0\0\0' },
  },
  { run: async (store) => methods(store.backend).directories?.make(context(), key('g/h')), gives: {} },
  { run: async (store) => methods(store.backend).directories?.remove(context(), key('g/h')), gives: {} },
  { run: async (store) => methods(store.backend).links?.make(context(), key('link'), 'f'), gives: {} },
  { run: (store) => store.put('a/b/new', 'four'), gives: { 'a/b/new': 'four' } },
]

/** Uploads in parts; by themselves, as their operations are many. */
export const uploadScript: readonly Step[] = [
  { run: (store) => sendParts(store, 'h/parts', { mode: 0o640 }), gives: { 'h/parts': inParts } },
  { run: (store) => sendParts(store, 'absent', { ifAbsent: true }), gives: { absent: inParts } },
  { run: (store) => sendParts(store, 'none', {}, true), gives: {} },
]

/** One of the parts is sent twice. */
async function sendParts(store: Store, name: string, options: object, abort = false): Promise<void> {
  const { upload } = methods(store.backend)
  if (upload === undefined) throw new Error('no uploads')
  const token = await upload.start(context(), key(name), { size: inParts.length, ...options })
  try {
    const sent = await Promise.allSettled(
      [3, 1, 2].map((number) => upload.part(context(), token, number, partOf(number))),
    )
    for (const part of sent) if (part.status === 'rejected') throw part.reason
    await upload.part(context(), token, 2, partOf(2))
    if (abort) throw new Error('not wanted')
    await upload.finish(context(), token)
  } catch (error) {
    await upload.abort(context(), token)
    if (!abort) throw error
  }
}

export function partOf(number: number): Source {
  return stream([inParts.slice((number - 1) * 1000, number * 1000)])
}

/** Runs the script to its end, whatever fails. A step that fails may have taken place or not, nothing in between. */
export async function runScript(
  store: Store,
  steps: readonly Step[] = script,
  done?: (step: number) => void,
): Promise<{ allowed: Allowed; errors: unknown[] }> {
  const allowed: Allowed = new Map()
  const errors: unknown[] = []
  for (const [at, { run, gives, fromNothing = {} }] of steps.entries()) {
    const before = (name: string): ReadonlySet<string | undefined> => allowed.get(name) ?? new Set([undefined])
    const failed = await run(store).then(
      () => false,
      (error: unknown) => {
        errors.push(error)
        return true
      },
    )
    for (const [name, value] of Object.entries(gives)) {
      const after = before(name).has(undefined) && name in fromNothing ? [value, fromNothing[name]] : [value]
      allowed.set(name, new Set(failed ? [...before(name), ...after] : after))
    }
    done?.(at)
  }
  return { allowed, errors }
}

/** What a key holds. */
export async function valueOf(store: Store, name: string): Promise<string | undefined> {
  try {
    return await store.get(name)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'NotFound') return undefined
    throw error
  }
}
