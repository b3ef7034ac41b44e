import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { openLog, readLog } from '../../src/log/index.ts'
import { bytesOf, filesIn, optionsIn, temporaryFolder, textsIn } from './support.ts'

function start(program: string, ...args: string[]): ChildProcess {
  const path = new URL(`processes/${program}.ts`, import.meta.url).pathname
  const flags = ['--conditions=@kit/source', '--disable-warning=ExperimentalWarning', path, ...args]
  return spawn(process.execPath, flags, { stdio: ['pipe', 'pipe', 'inherit'] })
}

/** Lines that the process prints, until one is `last` or it ends. */
async function linesUntil(child: ChildProcess, last: string): Promise<string[]> {
  const lines: string[] = []
  if (child.stdout === null) return lines
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (line === last) break
  }
  return lines
}

describe('the lock of a log', () => {
  it('lets one process write and any number read', async () => {
    const options = optionsIn(temporaryFolder(), { segmentBytes: 4096 })
    const child = start('hold', options.folder, '0', '50')
    expect(await linesUntil(child, '49')).toHaveLength(51)
    await expect(openLog(options)).rejects.toMatchObject({ code: 'Unavailable' })
    await expect(openLog(options)).rejects.toThrow(new RegExp(`-${child.pid}-.* writes to the log in `))
    await using one = await readLog(options)
    await using two = await readLog(options)
    for (const reader of [one, two]) expect(await textsIn(reader)).toHaveLength(100)
    child.stdin?.end()
    await once(child, 'exit')
    await using log = await openLog(options)
    await log.append([bytesOf('mine')])
    await one.refresh()
    expect((await textsIn(one)).at(-1)).toBe('mine')
  })

  it('is refused to a second opener in the same process', async () => {
    const options = optionsIn(temporaryFolder())
    await using _ = await openLog(options)
    await expect(openLog(options)).rejects.toMatchObject({ code: 'Unavailable' })
  })

  it('of a process that was killed is removed, and all that it acknowledged is there', async () => {
    const options = optionsIn(temporaryFolder(), { segmentBytes: 4096 })
    let next = 0
    for (let round = 0; round < 4; round++) {
      const child = start('hold', options.folder, `${next}`, '100000')
      const acknowledged = await linesUntil(child, `${next + 20 + round * 7}`)
      child.kill('SIGKILL')
      await once(child, 'exit')
      await using log = await openLog(options)
      const numbers = (await textsIn(log)).filter((text) => /^\d+$/.test(text)).map(Number)
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index))
      expect(numbers.at(-1)).toBeGreaterThanOrEqual(Number(acknowledged.at(-1)))
      next = numbers.length
    }
    expect(filesIn(options).filter((name) => name.startsWith('lock'))).toEqual([])
  })

  it('of another machine is respected, and says what to do', async () => {
    const options = optionsIn(temporaryFolder())
    await (await openLog(options)).close()
    writeFileSync(join(options.folder, 'lock-elsewhere-12-34_abc.token'), '')
    await expect(openLog(options)).rejects.toThrow(
      /elsewhere-12-34_abc.*if that process is gone, remove .*lock-elsewhere/,
    )
    expect(filesIn(options).filter((name) => name.startsWith('lock'))).toHaveLength(1)
  })

  it('is never held by two, however many want it', { timeout: 60_000 }, async () => {
    const options = optionsIn(temporaryFolder(), { durable: 'process' })
    const children = Array.from({ length: 4 }, () => start('contend', options.folder, '25'))
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number))
    expect(codes).toEqual([0, 0, 0, 0])
    await using log = await openLog(options)
    expect(await textsIn(log)).toEqual(Array.from({ length: 100 }, (_, index) => `${index + 1}`))
  })
})
