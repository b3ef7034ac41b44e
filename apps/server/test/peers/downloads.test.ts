// curl, wget and aria2 as they come, against a server process: whole and in parts, under conditions, cut off and resumed.
import { randomBytes } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { provide } from '@kit/test-servers'
import { describe, expect, test } from 'vitest'
import { objects } from '../serve.ts'
import { authorization, cannotRun, hashOf, interrupt, mebibyte, peering, run, size } from './peer.ts'

const header = `Authorization: ${authorization}`

describe.skipIf(await cannotRun('curl'))('curl', () => {
  const peer = peering()
  const curl = async (...args: string[]): ReturnType<typeof run> =>
    run(await provide('curl'), ['-sS', '-H', header, ...args], peer().folder)

  test('downloads the bytes that were uploaded, whole and in ranges', async () => {
    const { url, folder, hash } = peer()
    expect(await curl('-f', '-o', 'whole', url)).toEqual({ code: 0, output: '' })
    expect(await hashOf(join(folder, 'whole'))).toBe(hash)
    const whole = await readFile(join(folder, 'whole'))
    for (const [range, from, to] of [
      ['0-0', 0, 1],
      ['1000-2999', 1000, 3000],
      [`${size - 10}-`, size - 10, size],
      ['-500', size - 500, size],
      [`100-${size * 2}`, 100, size],
    ] as const) {
      expect(await curl('-f', '-r', range, '-o', 'part', '-w', '%{http_code}', url)).toEqual({ code: 0, output: '206' })
      expect((await readFile(join(folder, 'part'))).equals(whole.subarray(from, to)), range).toBe(true)
    }
    expect((await curl('-r', `${size}-`, '-o', 'none', '-w', '%{http_code}', url)).output).toBe('416')
  })

  test('asks again only for what has changed', async () => {
    const { url, folder } = peer()
    await curl('-f', '--etag-save', 'etag', '-o', 'first', url)
    const again = ['--etag-compare', 'etag', '-o', 'second', '-w', '%{http_code} %{size_download}']
    expect((await curl(...again, url)).output).toBe('304 0')
    await writeFile(join(folder, 'etag'), '"another"\n')
    expect((await curl(...again, url)).output).toBe(`200 ${size}`)
    expect((await curl('-z', 'first', '-R', '-o', 'third', '-w', '%{http_code}', url)).output).toMatch(/^(?:304|200)$/)
  })

  test('resumes after the connection broke', async () => {
    const { url, folder, hash, proxy, ranges } = peer()
    await proxy.set({ limit: { direction: 'down', afterBytes: 5 * mebibyte, fate: 'reset', times: 1 } })
    expect((await curl('-f', '-o', 'cut', url)).code).not.toBe(0)
    const got = (await stat(join(folder, 'cut'))).size
    expect(got).toBeGreaterThan(mebibyte)
    expect(got).toBeLessThan(size)
    expect((await curl('-f', '-C', '-', '-o', 'cut', url)).code).toBe(0)
    expect(ranges).toEqual([undefined, `bytes=${got}-`])
    expect(await hashOf(join(folder, 'cut'))).toBe(hash)
  })

  test('is told of an end that came too early', async () => {
    const { url, proxy } = peer()
    await proxy.set({ limit: { direction: 'down', afterBytes: 5 * mebibyte, fate: 'end', times: 1 } })
    // 18: partial file.
    expect((await curl('-f', '-o', 'cut', url)).code).toBe(18)
  })

  test('uploads files and streams, and only where it may', async () => {
    const { server, folder, files } = peer()
    await writeFile(join(folder, 'up'), randomBytes(3 * mebibyte))
    const to = `${server.base}${objects}/from%20curl`
    const put = ['-T', 'up', '-o', '/dev/null', '-w', '%{http_code}']
    expect((await curl(...put, '-H', 'If-None-Match: *', to)).output).toBe('201')
    expect(await hashOf(join(files, 'from curl'))).toBe(await hashOf(join(folder, 'up')))
    expect((await curl(...put, '-H', 'If-None-Match: *', to)).output).toBe('412')
    expect((await curl(...put, '-H', 'If-Match: "another"', to)).output).toBe('412')
    const piped = `cat up up | ${await provide('curl')} -sS -H '${header}' -T - -o /dev/null -w '%{http_code}' '${to}'`
    expect((await run('sh', ['-c', piped], folder)).output).toBe('200')
    expect((await stat(join(files, 'from curl'))).size).toBe(6 * mebibyte)
  })

  test('an upload that is cut off leaves what was there', async () => {
    const { base, folder, files, proxy } = peer()
    const to = `${base}${objects}/kept`
    await writeFile(join(folder, 'old'), 'old')
    await writeFile(join(folder, 'new'), randomBytes(8 * mebibyte))
    expect((await curl('-f', '-T', 'old', to)).code).toBe(0)
    await proxy.set({ limit: { direction: 'up', afterBytes: 4 * mebibyte, fate: 'reset', times: 1 } })
    expect((await curl('-f', '-T', 'new', to)).code).not.toBe(0)
    expect(await readFile(join(files, 'kept'), 'utf8')).toBe('old')
    expect((await curl('-f', '-T', 'new', to)).code).toBe(0)
    expect(await hashOf(join(files, 'kept'))).toBe(await hashOf(join(folder, 'new')))
  })
})

describe.skipIf(await cannotRun('wget'))('wget', () => {
  const peer = peering()
  const args = ['--no-verbose', '--no-config', `--header=${header}`]
  const wget = async (...more: string[]): ReturnType<typeof run> =>
    run(await provide('wget'), [...args, ...more], peer().folder)

  test('goes on by itself, from where it was, when a connection breaks', async () => {
    const { url, folder, hash, proxy, ranges } = peer()
    await proxy.set({ limit: { direction: 'down', afterBytes: 5 * mebibyte, fate: 'reset', times: 2 } })
    const ran = await wget('--tries=5', '--waitretry=0', '--retry-connrefused', url)
    expect(ran.code, ran.output).toBe(0)
    expect(ranges).toHaveLength(3)
    expect(ranges.slice(1)).toEqual([expect.stringMatching(/^bytes=\d+-$/), expect.stringMatching(/^bytes=\d+-$/)])
    expect(await hashOf(join(folder, 'big'))).toBe(hash)
  })

  test('--continue goes on with what a killed one has left, and leaves alone what is whole', async () => {
    const { url, folder, hash, proxy, ranges } = peer()
    await proxy.set({ limit: { direction: 'down', afterBytes: 6 * mebibyte, fate: 'stall' } })
    const file = join(folder, 'big')
    await interrupt(await provide('wget'), [...args, '--output-document', file, url], file, 'SIGKILL')
    const got = (await stat(file)).size
    await proxy.set({ limit: undefined })
    expect((await wget('--continue', url)).code).toBe(0)
    expect(ranges).toEqual([undefined, `bytes=${got}-`])
    expect(await hashOf(file)).toBe(hash)
    expect((await wget('--continue', url)).code).toBe(0)
    expect(await hashOf(file)).toBe(hash)
  })

  test('--timestamping fetches nothing that is not newer', async () => {
    const { url, folder, hash, proxy } = peer()
    await wget('--timestamping', url)
    await wget('--timestamping', url)
    expect(proxy.requests.slice(-2).map(({ outcome }) => outcome)).toEqual([200, 304])
    expect(await hashOf(join(folder, 'big'))).toBe(hash)
  })
})

describe.skipIf(await cannotRun('aria2'))('aria2', () => {
  const peer = peering()
  const args = [
    '--no-conf',
    '--quiet',
    `--header=${header}`,
    '-x4',
    '-s4',
    '-k1M',
    '--disk-cache=0',
    '--file-allocation=none',
  ]
  const aria2 = async (...more: string[]): ReturnType<typeof run> =>
    run(await provide('aria2'), [...args, ...more], peer().folder)

  test('fetches segments side by side', async () => {
    const { url, folder, hash, ranges } = peer()
    const ran = await aria2(url)
    expect(ran.code, ran.output).toBe(0)
    expect(ranges.filter((range) => range !== undefined).length).toBeGreaterThanOrEqual(3)
    expect(await hashOf(join(folder, 'big'))).toBe(hash)
  })

  test('gets the whole object over connections that keep breaking', async () => {
    const { url, folder, hash, proxy, ranges } = peer()
    await proxy.set({ limit: { direction: 'down', afterBytes: 2 * mebibyte, fate: 'reset', times: 4 } })
    const ran = await aria2('--max-tries=20', '--retry-wait=0', url)
    expect(ran.code, ran.output).toBe(0)
    expect(ranges.length).toBeGreaterThan(4)
    expect(await hashOf(join(folder, 'big'))).toBe(hash)
  })

  test('--continue fetches only the segments that are missing', async () => {
    const { url, folder, hash, proxy, ranges } = peer()
    await proxy.set({ limit: { direction: 'down', afterBytes: mebibyte, fate: 'stall' } })
    const file = join(folder, 'big')
    await interrupt(await provide('aria2'), [...args, '--dir', folder, url], file, 'SIGTERM')
    expect((await stat(`${file}.aria2`)).isFile()).toBe(true)
    await proxy.set({ limit: undefined })
    const before = ranges.length
    const ran = await aria2('--continue', url)
    expect(ran.code, ran.output).toBe(0)
    // The first one may only look at what there is.
    const [, ...asked] = ranges.slice(before)
    expect(asked.length).toBeGreaterThan(0)
    for (const range of asked) expect(range).toMatch(/^bytes=[1-9]/)
    expect(await hashOf(file)).toBe(hash)
  })
})
