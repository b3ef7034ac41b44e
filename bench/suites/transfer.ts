// Trees of files from folder to folder: `kit` against `rclone` and `cp`, each as its users start it.
import { randomFillSync } from 'node:crypto'
import { closeSync, ftruncateSync, mkdirSync, openSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { tryProvide } from '@kit/test-servers'
import type { Cases, ComparedCase } from '../case.ts'
import { runKit, runProgram } from '../kit-command.ts'
import { removeTemporary, temporaryFolder } from '../temporary.ts'

type Bar = Pick<ComparedCase, 'floor' | 'aim'>
type Peer = 'rclone' | 'cp'

const smallBytes = 4096
const perFolder = 200
const gibibyte = 2 ** 30

const unlike: Readonly<Record<Peer, string>> = {
  rclone:
    'rclone hashes what it reads and what it wrote, and sets times; Kit writes through a temporary, compares sizes, and sets times. Nobody syncs.',
  cp: '`cp -r`: writes in place, sets no times; the kernel may copy within itself. Nobody syncs.',
}

export const cases: Cases = ({ quick }) => {
  const files = quick ? 2000 : 20_000
  const big = quick ? gibibyte / 4 : 4 * gibibyte
  const equal = quick ? 10_000 : 100_000
  return [
    copySmall('rclone', files, { floor: 0.8, aim: 1.2 }),
    copySmall('cp', files, { floor: 0.4, aim: 0.6 }),
    copyBig('rclone', big, { floor: 0.8, aim: 1.2 }),
    copyBig('cp', big, { floor: 0.4, aim: 0.6 }),
    checkEqual(equal, { floor: 0.4, aim: 0.7 }),
    syncEqual(equal, { floor: 0.4, aim: 0.7 }),
  ]
}

/** The programs, started in turns. Each has its own configuration: none. */
const copy: Readonly<Record<Peer | 'kit', (from: string, to: string, home: string) => Promise<unknown>>> = {
  kit: (from, to, home) => runKit(['cp', '-r', from, to], home),
  rclone: async (from, to, home) => runProgram(await rclone(), ['copy', '--config', '', from, to], home),
  cp: (from, to, home) => runProgram('cp', ['-r', from, to], home),
}

async function rclone(): Promise<string> {
  const provided = await tryProvide('rclone')
  if ('missing' in provided) throw new Error(`rclone is the peer, and is not there: ${provided.missing}`)
  return provided.path
}

/**
 * Copies a tree to a new place each time, so that nothing is compared. What was made stays until the end of the run where it is small (see
 * the suite `fs`), and goes at once where it is big.
 */
function copyTree(peer: Peer, bytes: number, keep: boolean, make: (root: string) => void, one: Omitted): ComparedCase {
  let home = ''
  let turn = 0
  const target = (): string => join(home, `to-${turn}`)
  const work = (side: Peer | 'kit') => () => copy[side](join(home, 'from'), target(), home)
  return {
    ...one,
    note: unlike[peer],
    setup() {
      home = temporaryFolder()
      requireSpace(home, keep ? 60 * bytes : 4 * bytes)
      make(join(home, 'from'))
    },
    reset() {
      if (!keep && turn > 0) removeTemporary(target())
      turn += 1
    },
    kit: work('kit'),
    peers: { [peer]: work(peer) },
    async check() {
      await runProgram('diff', ['-r', join(home, 'from'), target()], home)
    },
    teardown: () => removeTemporary(home),
  }
}

type Omitted = Pick<ComparedCase, 'name' | 'unit' | 'count' | 'floor' | 'aim'>

function copySmall(peer: Peer, files: number, bar: Bar): ComparedCase {
  const name = `cp -r of ${files.toLocaleString('en')} files of 4 KiB, ${peer}`
  const make = (root: string): void => {
    makeTree(root, files, (fd, bytes) => {
      writeSync(fd, bytes)
    })
  }
  return copyTree(peer, files * smallBytes, true, make, { name, unit: 'files', count: files, ...bar })
}

function copyBig(peer: Peer, bytes: number, bar: Bar): ComparedCase {
  const parts = 4
  const name = `cp -r of ${bytes / gibibyte} GiB in ${parts} files, ${peer}`
  const make = (root: string): void => {
    mkdirSync(root)
    const chunk = Buffer.alloc(2 ** 20)
    for (let part = 0; part < parts; part += 1) {
      const fd = openSync(join(root, `part-${part}`), 'wx')
      for (let at = 0; at < bytes / parts; at += chunk.length) writeSync(fd, randomFillSync(chunk, 0, 4096))
      closeSync(fd)
    }
  }
  return copyTree(peer, bytes, false, make, { name, unit: 'MB', count: bytes / 1e6, ...bar })
}

/** Two equal trees, with equal times. */
function equalTrees(files: number, one: Omitted, commands: Pair, note: string): ComparedCase {
  let home = ''
  const args = (words: readonly string[]): string[] => [...words, join(home, 'left'), join(home, 'right')]
  return {
    ...one,
    note,
    async setup() {
      home = temporaryFolder()
      makeTree(join(home, 'left'), files, (fd, _bytes, index) => {
        ftruncateSync(fd, index % 5000)
      })
      await runProgram('cp', ['-a', 'left', 'right'], home)
    },
    kit: () => runKit(args(commands.kit), home),
    peers: { rclone: async () => runProgram(await rclone(), args(commands.rclone), home) },
    check(output, side) {
      if (side === 'kit' && !String(output).includes(String(files))) {
        throw new Error(`kit ${commands.kit.join(' ')} did not tell of ${files} files: ${String(output).slice(-500)}`)
      }
    },
    teardown: () => removeTemporary(home),
  }
}

interface Pair {
  readonly kit: readonly string[]
  readonly rclone: readonly string[]
}

function checkEqual(files: number, bar: Bar): ComparedCase {
  const name = `check of ${files.toLocaleString('en')} equal files, rclone`
  const commands = { kit: ['check', '--json'], rclone: ['check', '--config', '', '--size-only'] }
  const note =
    '`rclone check --size-only` compares sizes; `kit check` compares sizes and times. Both list both sides and read no file.'
  return equalTrees(files, { name, unit: 'files', count: files, ...bar }, commands, note)
}

function syncEqual(files: number, bar: Bar): ComparedCase {
  const name = `sync --delete of ${files.toLocaleString('en')} equal files, rclone`
  const commands = { kit: ['sync', '--delete', '--json'], rclone: ['sync', '--config', ''] }
  const note = 'Both compare sizes and times, and find nothing to do.'
  return equalTrees(files, { name, unit: 'files', count: files, ...bar }, commands, note)
}

function makeTree(root: string, files: number, fill: (fd: number, bytes: Buffer, index: number) => void): void {
  const bytes = Buffer.alloc(smallBytes)
  for (let index = 0; index < files; index += 1) {
    const folder = join(root, `d${Math.floor(index / perFolder) % 20}`, `e${Math.floor(index / perFolder)}`)
    if (index % perFolder === 0) mkdirSync(folder, { recursive: true })
    const fd = openSync(join(folder, `f${index % perFolder}`), 'wx')
    fill(fd, randomFillSync(bytes), index)
    closeSync(fd)
  }
}

function requireSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder)
  if (bavail * bsize >= bytes) return
  throw new Error(
    `${folder} has room for ${bavail * bsize} bytes, and the case may take ${bytes}: set TMPDIR to a larger disk`,
  )
}
