import { execFile } from 'node:child_process'
import { cp, readdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { provide, temporaryFolder } from '../src/index.ts'
import type { ClientName } from '../src/index.ts'
import { cannotRun } from './server-or-skip.ts'

const run = promisify(execFile)

const clients: Readonly<Record<ClientName, { readonly args: readonly string[]; readonly says: RegExp }>> = {
  curl: { args: ['--version'], says: /^curl \d/ },
  wget: { args: ['--version'], says: /^GNU Wget \d/ },
  aria2: { args: ['--version'], says: /^aria2 version \d/ },
  chromium: { args: ['--no-sandbox', '--version'], says: /^Chromium \d/ },
  schemathesis: { args: ['--version'], says: /4\.32\.5/ },
  'ipfs-cid': { args: ['/dev/null'], says: /^\{"CIDv0":"Qm/ },
}

for (const name of ['curl', 'wget', 'aria2', 'chromium', 'schemathesis', 'ipfs-cid'] as const) {
  describe.skipIf(await cannotRun(name))(`${name} as a client`, () => {
    it('runs', async () => {
      const { args, says } = clients[name]
      const { stdout } = await run(await provide(name), args)
      expect(stdout).toMatch(says)
    })
  })
}

describe.skipIf(await cannotRun('aria2'))('a program with libraries of its own', () => {
  it('runs wherever its folder is', async () => {
    await using elsewhere = await temporaryFolder('moved')
    const path = await provide('aria2')
    const moved = join(elsewhere.path, 'a folder')
    await cp(dirname(path), moved, { recursive: true, verbatimSymlinks: true })
    expect((await run(join(moved, basename(path)), ['--version'])).stdout).toMatch(clients.aria2.says)
  })
})

it('takes curl from the PATH, where it is there', async () => {
  onTestFinished(() => void vi.unstubAllEnvs())
  await using folder = await temporaryFolder('path')
  await using cache = await temporaryFolder('cache')
  await writeFile(join(folder.path, 'curl'), '', { mode: 0o755 })
  // A fresh copy, which has not yet looked.
  vi.resetModules()
  const { provide: provideAnew } = await import('../src/index.ts')
  vi.stubEnv('PATH', folder.path)
  vi.stubEnv('KIT_SERVERS_CACHE', cache.path)
  expect(await provideAnew('curl')).toBe(join(folder.path, 'curl'))
  expect(await readdir(cache.path)).toEqual([])
})
