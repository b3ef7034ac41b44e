// The CIDs of files are those of other programs (B-IPFS-6, C4): Kubo's in both profiles, and of Debian's `ipfs_cid` in the older one.
import { execFile } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Source } from '@kit/core'
import { fileState } from '@kit/core/node'
import { provide, temporaryFolder, tryProvide, whyMissing } from '@kit/test-servers'
import type { ProgramName, TemporaryFolder } from '@kit/test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importFile, type Profile, profiles } from '../../src/unixfs/index.ts'
import { never } from '../memory-blocks.ts'

const run = promisify(execFile)

async function cannotRun(name: ProgramName): Promise<boolean> {
  const missing = whyMissing(await tryProvide(name))
  if (missing !== undefined) process.stderr.write(`skipped: ${name}: ${missing}\n`)
  return missing !== undefined
}

const kuboArgs: Readonly<Record<Profile, readonly string[]>> = {
  'unixfs-v1-2025': ['--cid-version=1', '--raw-leaves', '--chunker=size-1048576', '--max-file-links=1024'],
  'unixfs-v0-2015': ['--cid-version=0', '--raw-leaves=false', '--chunker=size-262144', '--max-file-links=174'],
}

let folder: TemporaryFolder
beforeAll(async () => {
  folder = await temporaryFolder('golden')
})

/** Kubo's command on a repository of its own, without a daemon: a gibibyte need not go through a socket. */
async function ipfsCommand(): Promise<(args: readonly string[]) => Promise<string>> {
  const program = await provide('kubo')
  const env = { ...process.env, IPFS_PATH: join(folder.path, 'repository'), IPFS_TELEMETRY: 'off' }
  const ipfs = async (args: readonly string[]): Promise<string> =>
    (await run(program, [...args], { env })).stdout.trim()
  await ipfs(['init', '--profile=test'])
  return ipfs
}

afterAll(() => folder[Symbol.asyncDispose]())

/** A file with a few bytes that are not 0, so that a misplaced chunk shows, and holes that cost nothing. */
function sparseFile(bytes: number): string {
  const path = join(folder.path, `sparse-${bytes}`)
  const file = openSync(path, 'w')
  ftruncateSync(file, bytes)
  for (let at = 0; at < bytes; at += 3_333_333) writeSync(file, `${at}`.slice(0, bytes - at), at)
  closeSync(file)
  return path
}

function sourceOf(path: string): Source {
  const stats = statSync(path)
  return { size: stats.size, file: { path, state: fileState(stats), from: 0 }, open: () => null }
}

const nowhere = { put() {} }

describe.skipIf(await cannotRun('kubo'))("files have Kubo's CIDs", () => {
  let ipfs: (args: readonly string[]) => Promise<string>
  beforeAll(async () => {
    ipfs = await ipfsCommand()
  })

  for (const profile of ['unixfs-v1-2025', 'unixfs-v0-2015'] as const) {
    const { chunkBytes, maxLinks } = profiles[profile]
    const full = chunkBytes * maxLinks
    const sizes = [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes, full, full + 1]
    if (profile === 'unixfs-v0-2015') sizes.push(2 * full + chunkBytes + 7)
    for (const size of sizes) {
      it(`in ${profile}: ${size} bytes`, { timeout: 120_000 }, async () => {
        const path = sparseFile(size)
        const theirs = await ipfs(['add', '-Q', '--only-hash', ...kuboArgs[profile], path])
        const ours = await importFile(sourceOf(path), nowhere, { profile, signal: never })
        expect(ours).toMatchObject({ cid: theirs, size })
      })
    }

    it(`in ${profile}, and the size of the DAG that Kubo's directories say`, async () => {
      const path = sparseFile(3 * chunkBytes + 5)
      const ours = await importFile(sourceOf(path), nowhere, { profile, signal: never })
      await ipfs(['add', '-Q', ...kuboArgs[profile], path])
      const stat = await ipfs(['files', 'stat', '--enc=json', `/ipfs/${ours.cid}`])
      expect(JSON.parse(stat)).toMatchObject({ CumulativeSize: ours.dagSize })
    })
  }

  const attributes = [
    { mode: 0o600 },
    { modified: new Date(5000) },
    { modified: new Date(-5000) },
    { mode: 0o755, modified: new Date(1_700_000_000_123) },
  ]
  for (const size of [0, 11, 600_000]) {
    for (const { mode, modified } of attributes) {
      it(`with attributes: ${size} bytes, mode ${mode?.toString(8)}, time ${modified?.getTime()}`, async () => {
        const path = sparseFile(size)
        const args: string[] = mode === undefined ? [] : [`--mode=0${mode.toString(8)}`]
        if (modified !== undefined) {
          const seconds = Math.floor(modified.getTime() / 1000)
          args.push(`--mtime=${seconds}`, `--mtime-nsecs=${(modified.getTime() - seconds * 1000) * 1_000_000}`)
        }
        const theirs = await ipfs(['add', '-Q', '--only-hash', ...kuboArgs['unixfs-v0-2015'], ...args, path])
        const options = { profile: 'unixfs-v0-2015', signal: never, mode, modified } as const
        expect((await importFile(sourceOf(path), nowhere, options)).cid).toBe(theirs)
      })
    }
  }
})

describe.skipIf(await cannotRun('ipfs-cid'))('files in unixfs-v0-2015', () => {
  const { chunkBytes, maxLinks } = profiles['unixfs-v0-2015']
  const full = chunkBytes * maxLinks
  for (const size of [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, full - 1, full, full + 1]) {
    it(`have the CID of Debian's ipfs_cid for ${size} bytes`, async () => {
      const path = sparseFile(size)
      const { stdout } = await run(await provide('ipfs-cid'), [path])
      const { CIDv0 } = JSON.parse(stdout) as { readonly CIDv0: string }
      const ours = await importFile(sourceOf(path), nowhere, { profile: 'unixfs-v0-2015', signal: never })
      expect(ours.cid).toBe(CIDv0)
    })
  }
})
