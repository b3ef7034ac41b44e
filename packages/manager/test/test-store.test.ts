import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fs } from '@kit/backend-fs'
import { plugin as memory } from '@kit/backend-memory'
import { definePlugin, storageError, type Backend, type Plugin, type Store } from '@kit/core'
import { describe, expect, test } from 'vitest'
import { openKit, type StoreTest, type StoreTestStep } from '../src/index.ts'
import { configFile, s3 } from './fakes.ts'

/** Step and outcome of each step. */
function outcomes({ steps }: StoreTest): readonly string[] {
  return steps.map(({ step, outcome }) => `${step} ${outcome}`)
}

async function keys(store: Store): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.list('')) found.push(key)
  return found
}

/** A memory store in which one operation fails. */
function failing(operation: 'ping' | 'read' | 'delete'): Plugin<object> {
  const ops = { ...memory.capabilities.ops, ping: operation === 'ping' ? 'native' : undefined } as const
  return definePlugin<object>({
    contract: 0,
    type: 'failing',
    options: {},
    capabilities: { ...memory.capabilities, ops },
    async open(_options, environment): Promise<Backend> {
      const broken = async (): Promise<never> => {
        throw storageError('Unauthenticated', 'the key is not known')
      }
      const backend = await memory.open({}, environment)
      return { ...backend, capabilities: { ...backend.capabilities, ops }, [operation]: broken }
    },
  })
}

describe('a test of a store', () => {
  test('takes the time of every step and leaves nothing (X4)', async () => {
    const config = await configFile('stores: { a: { type: fs, path: data } }')
    await mkdir(join(dirname(config), 'data'))
    await using kit = await openKit({ config, plugins: [fs] })
    const told: StoreTestStep[] = []
    const report = await kit.test('a', { onStep: (step) => told.push(step) })
    expect(report.ok).toBe(true)
    expect(outcomes(report)).toStrictEqual(['open ok', 'ping ok', 'list ok', 'write ok', 'read ok', 'delete ok'])
    expect(report.steps.every(({ ms }) => ms >= 0)).toBe(true)
    expect(told).toStrictEqual(report.steps)
    expect(await keys(await kit.store('a'))).toStrictEqual([])
  })

  test('stops at the first failure and tells its error', async () => {
    const config = await configFile('stores: { a: { type: failing } }')
    await using kit = await openKit({ config, plugins: [failing('ping')] })
    const report = await kit.test('a')
    expect(report.ok).toBe(false)
    expect(outcomes(report).slice(0, 4)).toStrictEqual(['open ok', 'ping failed', 'list skipped', 'write skipped'])
    expect(report.steps[1]?.error).toMatchObject({ code: 'Unauthenticated' })
  })

  test('removes its object also when reading it fails', async () => {
    const config = await configFile('stores: { a: { type: failing } }')
    await using kit = await openKit({ config, plugins: [failing('read')] })
    const report = await kit.test('a')
    expect(outcomes(report).slice(3)).toStrictEqual(['write ok', 'read failed', 'delete skipped'])
    expect(await keys(await kit.store('a'))).toStrictEqual([])
  })

  test('fails with what stands in the way of opening', async () => {
    await using kit = await openKit({ config: await configFile('stores: { a: { type: none } }'), plugins: [s3] })
    const report = await kit.test('a')
    expect(outcomes(report)).toStrictEqual(['open failed'])
    expect(report.steps[0]?.error).toMatchObject({ code: 'InvalidConfig' })
    await expect(kit.test('b')).rejects.toMatchObject({ code: 'NotFound' })
  })

  test('writes nothing where it is told not to, and probes where it is', async () => {
    await using kit = await openKit({ config: await configFile('stores: { a: { type: memory } }'), plugins: [memory] })
    const report = await kit.test('a', { write: false, probe: true })
    expect(outcomes(report)).toStrictEqual([
      'open ok',
      'ping ok',
      'list ok',
      'write skipped',
      'read skipped',
      'delete skipped',
      'probe ok',
    ])
    expect(report.probed).toStrictEqual((await kit.store('a')).capabilities)
  })

  test('does not wait for a server that never answers', async () => {
    const silent = definePlugin<object>({
      contract: 0,
      type: 'silent',
      options: {},
      capabilities: { ...memory.capabilities, ops: { ...memory.capabilities.ops, ping: 'native' } },
      async open(_options, environment): Promise<Backend> {
        const backend = await memory.open({}, environment)
        const ops = { ...backend.capabilities.ops, ping: 'native' } as const
        return { ...backend, capabilities: { ...backend.capabilities, ops }, ping: () => new Promise(() => undefined) }
      },
    })
    await using kit = await openKit({ config: await configFile('stores: { a: { type: silent } }'), plugins: [silent] })
    const report = await kit.test('a', { stepMs: 50 })
    expect(report.steps[1]).toMatchObject({ step: 'ping', outcome: 'failed', error: { code: 'Timeout' } })
  })

  test('can be cancelled', async () => {
    await using kit = await openKit({ config: await configFile('stores: { a: { type: memory } }'), plugins: [memory] })
    await expect(kit.test('a', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'Aborted' })
  })
})
