import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type Bytes } from '@kit/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { plugin } from '../src/index.ts'
import { startServerProcess } from './server-process.ts'

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kit-killed-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Never ends by itself; calls back when so much has been taken of it. */
async function* endless(bytes: number, then: () => void): AsyncGenerator<Bytes> {
  for (let sent = 0; ; sent += 65_536) {
    if (sent === bytes) then()
    yield new Uint8Array(65_536)
  }
}

describe('a server that is killed in the midst of a write', () => {
  it('leaves what was there before, and nothing of what came (R6)', async () => {
    const folder = await temporaryFolder()
    const first = await startServerProcess(folder)
    onTestFinished(() => first.stop('SIGKILL'))
    await using store = await openStore(plugin({ url: first.url, store: 'files', layers: { retry: false } }))
    await store.write('old', 'old')
    const writes = ['old', 'new'].map((key) => {
      const body = endless(32 * 65_536, () => first.child.kill('SIGKILL'))
      return store.write(key, body).then(
        () => 'written',
        (error: unknown) => error,
      )
    })
    for (const failed of await Promise.all(writes)) {
      expect(failed).toMatchObject({ code: 'Unavailable', applied: 'maybe' })
    }

    const second = await startServerProcess(folder)
    onTestFinished(() => second.stop('SIGKILL'))
    await using again = await openStore(plugin({ url: second.url, store: 'files' }))
    expect(await (await again.read('old')).text()).toBe('old')
    expect((await Array.fromAsync(again.list())).map(({ key }) => key)).toEqual(['old'])
    await again.write('next', 'x')
    await second.stop('SIGTERM')
    const left = await readdir(join(folder, '.kit/files'), { recursive: true, withFileTypes: true })
    expect(
      left
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['next', 'old'])
  })
})
