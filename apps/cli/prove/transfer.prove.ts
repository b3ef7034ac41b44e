import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const bigCount = 20
const bigBytes = 20 * 2 ** 20
const smallCount = 2000
const kills = 50
/** Kills before a copy is let through to its end, and the next begins with nothing there. */
const killsInRound = 10

let root = ''
const source = (): string => join(root, 'source')
const target = (): string => join(root, 'target')
const resume = (): string => join(root, 'resume')
const hashes = new Map<string, string>()

function program(name: string, ...args: string[]): ChildProcess {
  const file = join(import.meta.dirname, 'programs', `${name}.ts`)
  return spawn(process.execPath, ['--conditions=@kit/source', file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
}

/** Lines of a program until it ends; killed after so many. */
async function linesOf(
  child: ChildProcess,
  killAfter: number,
  line: (text: string) => void,
): Promise<'ended' | 'killed'> {
  let count = 0
  let killed = false
  const ended = new Promise((resolve) => child.once('close', resolve))
  if (child.stdout === null) throw new Error('no output')
  createInterface({ input: child.stdout }).on('line', (text) => {
    line(text)
    if (++count < killAfter || killed) return
    killed = child.kill('SIGKILL')
  })
  await ended
  return child.signalCode === 'SIGKILL' ? 'killed' : 'ended'
}

function keysOf(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted((a, b) => (a < b ? -1 : 1))
}

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')
const stateOf = (key: string): string => {
  const { ino, ctimeMs } = statSync(join(target(), key))
  return `${ino} ${ctimeMs}`
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'kit-transfer-'))
  for (let index = 0; index < smallCount + bigCount; index++) {
    const big = index % Math.ceil((smallCount + bigCount) / bigCount) === 0
    const key = `d${index % 40}/${big ? 'big' : 'small'}-${index}`
    mkdirSync(join(source(), `d${index % 40}`), { recursive: true })
    const bytes = randomBytes(big ? bigBytes : 100 + (index % 50) * 100)
    writeFileSync(join(source(), key), bytes)
    hashes.set(key, createHash('sha256').update(bytes).digest('hex'))
  }
  writeFileSync(join(root, 'hashes.json'), JSON.stringify(Object.fromEntries(hashes)))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('a plan of a million steps', () => {
  it('runs in flat memory', () => {
    const file = join(import.meta.dirname, 'programs/million-entries.ts')
    // A million entries held would need several times this heap.
    const text = execFileSync(
      process.execPath,
      ['--conditions=@kit/source', '--max-old-space-size=96', file, '1000000'],
      { encoding: 'utf8' },
    )
    console.log(`merge: ${text.trim()}`)
    expect(text).toMatch(/^1000000 entries/)
    expect(Number(/(\d+) MiB/.exec(text)?.[1])).toBeLessThanOrEqual(250)
  })
})

describe('a copy of a tree', () => {
  it(`killed at ${kills} points goes on to equal trees: no part is seen, nothing verified is copied again, nothing is left`, async () => {
    const watcher = program('watch-tree', target(), join(root, 'hashes.json'))
    const watched: string[] = []
    const watching = linesOf(watcher, Number.POSITIVE_INFINITY, (text) => watched.push(text))
    let killed = 0
    let resent = 0
    for (let round = 0; killed < kills; round++) {
      rmSync(target(), { recursive: true, force: true })
      const states = new Map<string, string>()
      let sent = 0
      for (let time = 0; ; time++) {
        // Each kill a little further, and elsewhere in each round.
        const last = time === killsInRound
        const killAfter = last ? Number.POSITIVE_INFINITY : 1 + round * 17 + ((time * 97 + round * 31) % 260)
        const done: string[] = []
        const failed: string[] = []
        const child = program('copy-tree', source(), target(), resume())
        const how = await linesOf(child, killAfter, (text) => {
          const [status, bytes = '', key = ''] = text.split(' ')
          if (status === 'failed') failed.push(text)
          if (status !== 'done') return
          done.push(key)
          sent += Number(bytes)
        })
        expect(failed).toEqual([])
        for (const [key, state] of states) expect(stateOf(key)).toBe(state)
        for (const key of done) {
          expect(states.has(key)).toBe(false)
          states.set(key, stateOf(key))
        }
        if (how === 'killed') killed++
        if (how === 'ended') {
          expect(child.exitCode).toBe(0)
          break
        }
      }
      const keys = keysOf(target()).filter((key) => !key.startsWith('.kit/'))
      expect(keys).toEqual([...hashes.keys()].toSorted((a, b) => (a < b ? -1 : 1)))
      for (const key of keys) expect([key, hashOf(join(target(), key))]).toEqual([key, hashes.get(key)])
      expect(keysOf(join(target(), '.kit'))).toEqual([])
      expect(keysOf(resume())).toEqual([])
      resent = Math.max(resent, sent)
    }
    watcher.stdin?.end()
    await watching
    const summary = watched.at(-1) ?? ''
    console.log(
      `transfer: ${killed} kills, ${summary}; told at most ${Math.round(resent / 2 ** 20)} MiB sent of ${(bigCount * bigBytes) / 2 ** 20} in a round`,
    )
    expect(summary).toMatch(/^looked \d+ wrong 0$/)
    expect(killed).toBeGreaterThanOrEqual(kills)
  })
})
