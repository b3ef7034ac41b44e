// A2–A6: Kubo's own command and the JavaScript client of others, against `/api/v0`; what is added has the CIDs that Kubo makes.
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { provide, temporaryFolder } from '@kit/test-servers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { serveContent } from '../content-server.ts'
import { cannotRun, run, type Ran } from './peer.ts'

describe.skipIf(await cannotRun('kubo'))("Kubo's own command", () => {
  test(
    'adds a tree with the CIDs that it makes itself, and reads, lists and unpins it',
    { timeout: 60_000 },
    async () => {
      const { base, store } = await serveContent({ ipfsStore: 'files' })
      const folder = await temporaryFolder('kubo-command')
      onTestFinished(() => folder.remove())
      const { hostname, port } = new URL(base)
      const program = await provide('kubo')
      const ipfs = (...words: string[]): Promise<Ran> =>
        run('env', [`IPFS_PATH=${join(folder.path, 'repo')}`, program, ...words], folder.path)
      const ours = (...words: string[]): Promise<Ran> => ipfs('--api', `/ip4/${hostname}/tcp/${port}`, ...words)
      expect(await ipfs('init', '--profile=test')).toMatchObject({ code: 0 })
      await mkdir(join(folder.path, 'tree/sub'), { recursive: true })
      await writeFile(join(folder.path, 'tree/a'), 'a\n')
      await writeFile(join(folder.path, 'tree/sub/large'), Buffer.alloc(3_000_000, 'kubo'))
      await writeFile(join(folder.path, 'tree/sub/empty'), '')
      await symlink('../a', join(folder.path, 'tree/sub/link'))
      const expected = (await ipfs('add', '-r', '-Q', '--only-hash', 'tree')).output.trim()
      expect((await ours('add', '-r', '-Q', 'tree')).output.trim()).toBe(expected)
      expect((await ours('pin', 'ls', '--type=recursive')).output.trim()).toBe(`${expected} recursive`)
      expect((await ours('cat', `${expected}/a`)).output).toBe('a\n')
      expect((await ours('cat', '-o', '4', '-l', '8', `/ipfs/${expected}/sub/large`)).output).toBe('kubokubo')
      expect((await ours('pin', 'rm', expected)).output).toContain(`unpinned ${expected}`)
      const again = await ours('pin', 'rm', expected)
      expect([again.code, again.output]).toEqual([1, expect.stringContaining('not pinned')])
      expect((await ours('block', 'get', expected)).code).toBe(1)
      const large = await store.content.read(`${expected}/sub/large`, {})
      expect(large.entry.size).toBe((await readFile(join(folder.path, 'tree/sub/large'))).length)
    },
  )
})
