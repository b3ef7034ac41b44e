import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { openLog, type LogOptions } from '../src/log/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'kit-log-prove-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const options = (name: string): LogOptions => ({ folder: join(folder, name), format: 'prove', version: 1 })
const since = (start: number): number => Math.round(performance.now() - start)

it(
  'a log of a million records with a snapshot of 48 MB opens and gives the state within a second',
  { timeout: 300_000 },
  async () => {
    const records = 1_000_000
    const log = await openLog(options('million'))
    const record = Buffer.alloc(40, 'index')
    const begun = performance.now()
    for (let at = 0; at < records; at += 10_000) await log.append(Array.from({ length: 10_000 }, () => record))
    console.log(
      `  ${Math.round((records / since(begun)) * 1000)} records of 40 bytes a second, in batches of 10,000, each on the disk`,
    )
    await log.save(
      log.last,
      Array.from({ length: 48 }, () => Buffer.alloc(1_000_000, 'state')),
    )
    await log.close()
    const times: number[] = []
    for (let round = 0; round < 5; round++) {
      const start = performance.now()
      await using again = await openLog(options('million'))
      let bytes = 0
      for await (const piece of again.snapshot?.read() ?? []) bytes += piece.length
      expect(bytes).toBe(48_000_000)
      times.push(since(start))
    }
    console.log(`  opened with its state in ${times.join(', ')} ms`)
    expect(Math.min(...times)).toBeLessThan(1000)
  },
)

it('a gibibyte is appended and replayed in flat memory', { timeout: 300_000 }, async () => {
  const log = await openLog({ ...options('large'), durable: 'process' })
  const block = Buffer.alloc(2 ** 20, 'block')
  let begun = performance.now()
  for (let at = 0; at < 1024; at += 4)
    await Promise.all([1, 2, 3, 4].map(() => log.append([[Buffer.alloc(40), block]])))
  console.log(`  appended with ${Math.round(1024 / (since(begun) / 1000))} MiB/s`)
  await log.sync()
  begun = performance.now()
  const before = process.memoryUsage().rss
  let peak = before
  let bytes = 0
  for await (const records of log.replay()) {
    for (const record of records) bytes += record.bytes.length
    peak = Math.max(peak, process.memoryUsage().rss)
  }
  await log.close()
  expect(bytes).toBe(1024 * (2 ** 20 + 40))
  console.log(
    `  replayed with ${Math.round(1024 / (since(begun) / 1000))} MiB/s, ${Math.round((peak - before) / 2 ** 20)} MiB more memory`,
  )
  expect(peak - before).toBeLessThan(200 * 2 ** 20)
})
