import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { errorCode } from '../../src/errors/index.ts'
import { nodeFiles, type LogFiles } from '../../src/log/files.ts'
import { openLog, readLog, type LogOptions } from '../../src/log/index.ts'
import { beginning, bytesOf, filesIn, optionsIn, stateIn, temporaryFolder, textsIn } from './support.ts'

const options = (folder: string): LogOptions => optionsIn(folder, { segmentBytes: 4096 })
const texts = Array.from({ length: 40 }, (_, index) => `${index} ${'x'.repeat(index * 15)}`)

let folder: string
beforeEach(async () => {
  folder = temporaryFolder()
  const log = await openLog(options(folder))
  for (const [index, text] of texts.entries()) {
    await log.append([bytesOf(text)])
    if (index === 10 || index === 20) await log.save(log.last, [bytesOf('state of '), bytesOf(text)])
  }
  await log.close()
})

/** All of it, or what kept it from being given. */
async function whatIsFound(setting: LogOptions): Promise<string[] | string | undefined> {
  try {
    const found: string[][] = []
    await using reader = await readLog(setting)
    found.push(await textsIn(reader, beginning))
    await using log = await openLog(setting)
    found.push(await textsIn(log, beginning))
    expect(found[1]).toEqual(found[0])
    return found[0]
  } catch (error) {
    return errorCode(error) ?? String(error)
  }
}

describe('one wrong bit', () => {
  it('in a segment of a closed log is Corrupt, or in nothing that counts', { timeout: 120_000 }, async () => {
    const names = filesIn(options(folder)).filter((name) => name.startsWith('segment'))
    expect(names.length).toBeGreaterThan(2)
    const outcomes = { corrupt: 0, whole: 0 }
    for (const name of names) {
      const path = join(folder, 'log', name)
      const good = readFileSync(path)
      // A prime: all places of a frame come to their turn.
      for (let at = names.indexOf(name); at < good.length; at += 67) {
        const bad = Buffer.from(good)
        bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8))
        writeFileSync(path, bad)
        const found = await whatIsFound(options(folder))
        if (typeof found === 'string') {
          expect(['Corrupt', 'Unsupported'], `${name} at ${at}`).toContain(found)
          outcomes.corrupt++
        } else {
          expect(found, `${name} at ${at}`).toEqual(texts)
          outcomes.whole++
        }
        writeFileSync(path, good)
      }
    }
    // Only the mark of the close may be damaged without loss.
    expect(outcomes.whole).toBeLessThan(4)
    expect(outcomes.corrupt).toBeGreaterThan(150)
    expect(await whatIsFound(options(folder))).toEqual(texts)
  })

  it('in a snapshot brings back the one before', async () => {
    const names = filesIn(options(folder)).filter((name) => name.startsWith('snapshot'))
    const path = join(folder, 'log', names.at(-1) ?? '')
    const good = readFileSync(path)
    for (let at = 0; at < good.length; at += 7) {
      const bad = Buffer.from(good)
      bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8))
      writeFileSync(path, bad)
      const log = await openLog(options(folder)).catch(errorCode)
      if (typeof log !== 'object') {
        // The number of the layout is read before anything can be checked.
        expect([at < 8, log]).toEqual([true, 'Unsupported'])
        continue
      }
      expect(await stateIn(log)).toBe(`state of ${texts[10]}`)
      expect(await textsIn(log)).toEqual(texts.slice(11))
      await log.close()
    }
  })

  it('in both snapshots is told where the records are gone, and costs a replay where they are not', async () => {
    for (const name of filesIn(options(folder)).filter((one) => one.startsWith('snapshot'))) {
      writeFileSync(join(folder, 'log', name), 'nonsense')
    }
    await using log = await openLog(options(folder))
    expect(log.snapshot).toBeUndefined()
    expect(await textsIn(log)).toEqual(texts)
    await log.close()
    await expect(openLog({ ...options(folder), dropCovered: true })).rejects.toThrow(/Corrupt.*no snapshot/)
  })
})

describe('a file of a log', () => {
  it('that is missing is Corrupt, unless nothing was lost with it', async () => {
    const names = filesIn(options(folder)).filter((name) => name.startsWith('segment'))
    for (const name of names.slice(0, -1)) {
      const other = temporaryFolder()
      cpSync(folder, other, { recursive: true })
      rmSync(join(other, 'log', name))
      expect(await whatIsFound(options(other)), name).toBe('Corrupt')
    }
  })

  it('under the name of another is Corrupt', async () => {
    const [first = '', second = ''] = filesIn(options(folder)).filter((name) => name.startsWith('segment'))
    const at = (name: string): string => join(folder, 'log', name)
    renameSync(at(first), at('aside'))
    renameSync(at(second), at(first))
    renameSync(at('aside'), at(second))
    expect(await whatIsFound(options(folder))).toBe('Corrupt')
  })

  it('that holds a copy of its own frames as records is read right', async () => {
    const setting = options(folder)
    const [name = ''] = filesIn(setting).filter((one) => one.startsWith('segment'))
    const copy = readFileSync(join(folder, 'log', name))
    const log = await openLog(setting)
    await log.append([copy])
    const own = readFileSync(join(folder, 'log', filesIn(setting).findLast((one) => one.startsWith('segment')) ?? ''))
    await log.append([own])
    await log.close()
    await using again = await openLog(setting)
    const found: number[] = []
    for await (const records of again.replay()) for (const { bytes } of records) found.push(bytes.length)
    expect(found.slice(-2)).toEqual([copy.length, own.length])
  })
})

describe('a torn tail', () => {
  it('is cut off with what was not acknowledged, in the middle of a batch too', async () => {
    const setting = optionsIn(temporaryFolder())
    const log = await openLog(setting)
    await log.append([bytesOf('kept')])
    const { bytes } = log.segments()[0] ?? { bytes: 0 }
    await log.append([bytesOf('first of two'), bytesOf('second of two')], { durable: 'process' })
    const path = join(setting.folder, 'segment-0000000001')
    const whole = readFileSync(path)
    const [lock = ''] = filesIn(setting)
    for (let length = bytes; length < whole.length; length++) {
      const other = optionsIn(temporaryFolder())
      cpSync(setting.folder, other.folder, { recursive: true })
      rmSync(join(other.folder, lock))
      writeFileSync(join(other.folder, 'segment-0000000001'), whole.subarray(0, length))
      await using again = await openLog(other)
      expect(await textsIn(again)).toEqual(['kept'])
      await again.append([bytesOf('next')])
      expect(await textsIn(again)).toEqual(['kept', 'next'])
    }
    await log.close()
  })

  it('may lie in a segment that has ended: what was begun behind it goes too', async () => {
    let first: number | undefined
    let headers = 0
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    const files: LogFiles = {
      ...nodeFiles,
      async open(path, flags, mode) {
        const fd = await nodeFiles.open(path, flags, mode)
        if (path.includes('segment-0000000001')) first = fd
        return fd
      },
      async sync(fd) {
        // Its header is synced before the segment is there at all; the rest takes its time.
        if (fd === first && headers++ > 0) await held
        await nodeFiles.sync(fd)
      },
    }
    const setting = optionsIn(temporaryFolder(), { durable: 'process', segmentBytes: 4096 })
    const log = await openLog({ ...setting, files })
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) await log.append([Buffer.alloc(1500, text)])
    const other = optionsIn(temporaryFolder())
    cpSync(setting.folder, other.folder, { recursive: true })
    release()
    await log.close()
    for (const name of filesIn(other)) if (name.startsWith('lock')) rmSync(join(other.folder, name))
    const path = join(other.folder, 'segment-0000000001')
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.fill(0, 2000, 2512))
    await using reader = await readLog(other)
    expect((await textsIn(reader)).map((text) => text[0])).toEqual(['a'])
    await using again = await openLog(other)
    expect((await textsIn(again)).map((text) => text[0])).toEqual(['a'])
    expect(filesIn(other).filter((name) => name.startsWith('segment'))).toEqual(['segment-0000000001'])
    await again.append([bytesOf('g')])
  })
})
