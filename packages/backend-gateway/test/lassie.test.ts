import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cidOf, readCar } from '@kit/content'
import { fileStream } from './file-stream.ts'
import { startKubo, startLassie, temporaryFolder, tryProvide, whyMissing, type Kubo } from '@kit/test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noise } from './file-dag.ts'
import { addTree } from './kubo-content.ts'
import { eventually, opened } from './opened.ts'

const provided = await tryProvide('lassie')
const missing = whyMissing(provided) ?? whyMissing(await tryProvide('kubo'))
if (missing !== undefined) process.stderr.write(`skipped: ${missing}\n`)
const program = 'path' in provided ? provided.path : ''

/** Ids of processes that run the program for the provider, whoever started them. */
function daemons(provider: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((id) => {
      try {
        const words = readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0')
        return words[0] === program && words.includes(`--providers=${provider}`)
      } catch {
        return false
      }
    })
    .map(Number)
}

describe.skipIf(missing !== undefined)('Lassie (B-LA-1)', () => {
  let kubo: Kubo
  let cid: string
  const hello = new TextEncoder().encode('hello')

  beforeAll(async () => {
    kubo = await startKubo()
    cid = (await kubo.ipfs(['add', '--quieter'], 'hello')).trim()
  }, 30_000)
  afterAll(async () => kubo.stop())

  describe.skipIf(process.platform !== 'linux')('supervised', () => {
    it('starts at the first call, serves on loopback behind a token, and is gone with its folder after close', async () => {
      const store = await opened([], { lassie: { program, providers: [kubo.gateway] } })
      expect(daemons(kubo.gateway)).toEqual([])
      expect(await store.blocks.get(cid)).toEqual(hello)
      const [id = 0, ...more] = daemons(kubo.gateway)
      expect(more).toEqual([])
      const words = readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0')
      expect(words).toContain('--address=127.0.0.1')
      expect(words).toContain('--protocols=http')
      const folder = words.find((word) => word.startsWith('--tempdir='))?.slice('--tempdir='.length) ?? ''
      expect(readdirSync(folder)).toBeDefined()
      await store.close()
      await store.close()
      expect(daemons(kubo.gateway)).toEqual([])
      expect(() => readdirSync(folder)).toThrow('ENOENT')
    })

    it('that was killed is started again by the next call that needs it', async () => {
      await using store = await opened([], { lassie: { program, providers: [kubo.gateway] } })
      await store.blocks.get(cid)
      const [first = 0] = daemons(kubo.gateway)
      process.kill(first, 'SIGKILL')
      await eventually(() => daemons(kubo.gateway).length === 0)
      await expect.poll(async () => store.blocks.get(cid).catch(() => undefined), { timeout: 10_000 }).toEqual(hello)
      expect(daemons(kubo.gateway)).not.toContain(first)
    })

    it('dies with a process that is killed', async () => {
      const script = `
        import { openStore } from '@kit/core'
        import { lassie } from '@kit/backend-gateway'
        const store = await openStore(lassie({ lassie: ${JSON.stringify({ program, providers: [kubo.gateway] })} }))
        await store.ping()
        process.stdout.write('up')
        setInterval(() => {}, 1000)`
      const child = spawn(process.execPath, ['--conditions=@kit/source', '--input-type=module', '-e', script], {
        cwd: new URL('..', import.meta.url),
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout, 'data')
      const [id, ...more] = daemons(kubo.gateway)
      expect(more).toEqual([])
      const words = readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0')
      const folder = words.find((word) => word.startsWith('--tempdir='))?.slice('--tempdir='.length) ?? ''
      child.kill('SIGKILL')
      await eventually(() => daemons(kubo.gateway).length === 0 && !existsSync(folder))
    })

    it('does not keep a process alive that has nothing else to do', async () => {
      const script = `
        import { openStore } from '@kit/core'
        import { lassie } from '@kit/backend-gateway'
        const store = await openStore(lassie({ lassie: ${JSON.stringify({ program, providers: [kubo.gateway] })} }))
        await store.ping()`
      const child = spawn(process.execPath, ['--conditions=@kit/source', '--input-type=module', '-e', script], {
        cwd: new URL('..', import.meta.url),
        stdio: 'inherit',
      })
      const [code]: unknown[] = await once(child, 'exit')
      expect(code).toBe(0)
      await eventually(() => daemons(kubo.gateway).length === 0)
    }, 20_000)

    it('that does not start is Unavailable with what it said, and is not tried again at once', async () => {
      await using folder = await temporaryFolder('broken')
      const broken = join(folder.path, 'lassie')
      const count = join(folder.path, 'count')
      await writeFile(broken, `#!/bin/sh\necho x >> ${count}\necho 'no such thing' >&2\nexit 3\n`)
      await chmod(broken, 0o755)
      await using store = await opened([], { lassie: { program: broken, providers: [kubo.gateway] } })
      await expect(store.ping()).rejects.toMatchObject({
        code: 'Unavailable',
        message: expect.stringMatching(/did not start.*ended with 3.*no such thing/),
      })
      await expect(store.ping()).rejects.toMatchObject({ code: 'Unavailable', retryAfterMs: expect.any(Number) })
      expect((await readFile(count, 'utf8')).trim()).toBe('x')
    })

    it('joins other endpoints when it has started, and nobody waits for that', async () => {
      await using store = await opened(['http://127.0.0.1:9'], { lassie: { program, providers: [kubo.gateway] } })
      await expect(store.blocks.get(cid)).rejects.toMatchObject({ code: 'Unavailable' })
      await expect.poll(async () => store.blocks.get(cid).catch(() => undefined), { timeout: 10_000 }).toEqual(hello)
    })

    it('that is no program leaves the other endpoints as they are', async () => {
      await using store = await opened([kubo.gateway], { lassie: { program: '/no/such', providers: [kubo.gateway] } })
      expect(await store.blocks.get(cid)).toEqual(hello)
    })
  })

  it('attached by its address gives blocks by CARs, once it has said that it has nothing else', async () => {
    await using lassie = await startLassie({ providers: [kubo.gateway], token: 'sesame' })
    await using store = await opened([lassie.endpoint], { token: 'sesame' })
    await store.ping()
    expect(await store.blocks.get(cid)).toEqual(hello)
    await using stranger = await opened([lassie.endpoint])
    await expect(stranger.blocks.get(cid)).rejects.toMatchObject({ code: 'Unauthenticated' })
  })

  it('has what its providers have, and of anything else it is NotFound', async () => {
    await using lassie = await startLassie({ providers: [kubo.gateway] })
    await using store = await opened([lassie.endpoint])
    const absent = cidOf('raw', new TextEncoder().encode('nobody has this'))
    expect(await store.blocks.has(absent)).toBe(false)
    await expect(store.content.stat(absent)).rejects.toMatchObject({ code: 'NotFound' })
  })

  it('fetches a tree by its command line into a CAR of which every block is right', async () => {
    const file = noise(900_000)
    const root = await addTree(kubo, [
      { path: 'a/file', bytes: file },
      { path: 'b', bytes: hello },
    ])
    await using lassie = await startLassie({ providers: [kubo.gateway] })
    await using folder = await temporaryFolder('fetched')
    const path = join(folder.path, 'tree.car')
    await lassie.fetch(root, path)
    const { roots, blocks } = await readCar(fileStream(path), { signal: new AbortController().signal })
    const found = new Set<string>()
    for await (const block of blocks) found.add(block.cid)
    expect(roots).toEqual([root])
    expect(found).toContain(cid)
    // Root, directory, file with four leaves, and the small one.
    expect(found.size).toBe(8)
  })
})
