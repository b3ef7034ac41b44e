import { existsSync, readdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { recordFiles } from '@kit/test-servers'
import { expect } from 'vitest'
import { ownerName } from '../src/owners.ts'
import { runScript, script, valueOf } from './script.ts'
import { leftOver, methods, openStore, temporaryRoot } from './support.ts'

/** Values a key had, by the number of steps done. */
function history(name: string): readonly (string | undefined)[] {
  const values: (string | undefined)[] = [undefined]
  for (const { gives } of script) values.push(name in gives ? gives[name] : values.at(-1))
  return values
}

const names = [...new Set(script.flatMap(({ gives }) => Object.keys(gives)))]

/** After a power cut no process lives on, but this one, which recorded, does. */
function endOwners(folder: string): void {
  const dead = ownerName().replace(/[0-9a-f_]+$/, '1')
  const own = join(folder, '.kit/tmp', ownerName())
  if (existsSync(own)) renameSync(own, join(folder, '.kit/tmp', dead))
  const locks = join(folder, '.kit/locks')
  for (const name of existsSync(locks) ? readdirSync(locks) : []) {
    unlinkSync(join(locks, name))
    symlinkSync(`${dead}.abc`, join(locks, name))
  }
}

/**
 * Records the script, cuts the power at so many points, and reopens what each leaves. With fsync every step that was done must be there
 * whole, and the one under way wholly or not at all. Without, nothing is promised but that the store opens and goes on.
 */
export async function checkCrashStates(fsync: boolean, seed: number, count: number): Promise<number> {
  const root = temporaryRoot()
  const recorder = recordFiles(root)
  const store = openStore({ path: root, files: recorder.files, fsync })
  const { errors } = await runScript(store, (step) => recorder.mark(`${step + 1}`))
  expect(errors).toEqual([])
  await methods(store.backend).close()
  let states = 0
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
    expect(leftOver(state.folder), state.description).toEqual([])
  }
  rmSync(root, { recursive: true })
  return states
}
