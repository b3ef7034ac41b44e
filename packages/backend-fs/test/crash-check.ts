import { existsSync, readdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { recordFiles } from '@kit/test-servers'
import { expect } from 'vitest'
import { ownerName } from '@kit/core/node'
import { inParts, partOf, runScript, script, uploadScript, valueOf } from './script.ts'
import { codeOf, context, leftOver, methods, openStore, temporaryRoot, type Store } from './support.ts'

const all = [...script, ...uploadScript]

/** Values a key had, by the number of steps done. */
function history(name: string): readonly (string | undefined)[] {
  const values: (string | undefined)[] = [undefined]
  for (const { gives } of all) values.push(name in gives ? gives[name] : values.at(-1))
  return values
}

const names = [...new Set(all.flatMap(({ gives }) => Object.keys(gives)))]

/** After a power cut no process lives on, but this one, which recorded, does. */
function endOwners(folder: string): void {
  const dead = ownerName().replace(/[0-9a-f_]+$/, '1')
  const own = join(folder, '.kit/tmp', ownerName())
  if (existsSync(own)) renameSync(own, join(folder, '.kit/tmp', dead))
  const uploads = join(folder, '.kit/uploads')
  const withLocks = (existsSync(uploads) ? readdirSync(uploads) : []).map((id) => join(uploads, id))
  for (const locks of [join(folder, '.kit/locks'), ...withLocks]) {
    for (const name of existsSync(locks) ? readdirSync(locks) : []) {
      if (!/^[0-9a-f]{40}$/.test(name)) continue
      unlinkSync(join(locks, name))
      symlinkSync(`${dead}.abc`, join(locks, name))
    }
  }
}

/** What is left of uploads goes on where it stopped, or is aborted; then the part of the disk that is theirs is empty. */
async function endUploads(store: Store, description: string): Promise<number> {
  const { upload } = methods(store.backend)
  let resumed = 0
  for await (const token of upload?.list?.(context()) ?? []) {
    const there = new Set(((await upload?.parts(context(), token)) ?? []).map(({ number }) => number))
    for (const number of [1, 2, 3]) if (!there.has(number)) await upload?.part(context(), token, number, partOf(number))
    if (token.key === 'none') await upload?.abort(context(), token)
    else {
      resumed++
      const code = await codeOf(upload?.finish(context(), token) ?? Promise.resolve())
      if (code === 'AlreadyExists') await upload?.abort(context(), token)
      else expect(code, description).toBe('success')
      expect(await store.get(token.key), description).toBe(inParts)
    }
  }
  return resumed
}

/**
 * Records the script, cuts the power at so many points, and reopens what each leaves. With fsync every step that was done must be there
 * whole, and the one under way wholly or not at all. Without, nothing is promised but that the store opens and goes on.
 */
export async function checkCrashStates(fsync: boolean, seed: number, count: number): Promise<number> {
  const root = temporaryRoot()
  const recorder = recordFiles(root)
  const store = openStore({ path: root, files: recorder.files, fsync })
  const { errors } = await runScript(store, all, (step) => recorder.mark(`${step + 1}`))
  expect(errors).toEqual([])
  await methods(store.backend).close()
  let states = 0
  let resumed = 0
  for await (const state of recorder.states({ seed, count })) {
    states++
    await using _ = state
    endOwners(state.folder)
    await using after = openStore({ path: state.folder, fsync })
    const done = Number(state.passed.at(-1) ?? 0)
    for (const name of names) {
      const value = await valueOf(after, name)
      const values = history(name)
      const may = fsync ? [values[done], values[done + 1]] : undefined
      if (may !== undefined) {
        expect(
          may.includes(value),
          `${state.description}: ${name} holds ${value?.slice(0, 20)} after step ${done}`,
        ).toBe(true)
      }
    }
    await after.put('a/b/new', 'after', {})
    const { etag } = await after.stat('a/b/new')
    await after.put('a/b/new', 'after all', { ifMatch: etag })
    expect(await after.get('a/b/new')).toBe('after all')
    if (fsync) resumed += await endUploads(after, state.description)
    else
      for await (const token of methods(after.backend).upload?.list?.(context()) ?? [])
        await methods(after.backend).upload?.abort(context(), token)
    expect(leftOver(state.folder), state.description).toEqual([])
  }
  rmSync(root, { recursive: true })
  if (fsync && count >= 60) expect(resumed, 'states with an upload to go on with').toBeGreaterThan(0)
  return states
}
