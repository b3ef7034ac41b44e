// A browser's fetch against a server process, from a page of the server's own origin and from one of an origin that is allowed.
import { once } from 'node:events'
import { readdir, readlink } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { provide } from '@kit/test-servers'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { objects } from '../serve.ts'
import { authorization, cannotRun, hashOf, mebibyte, peering, size } from './peer.ts'

const html = '<!doctype html><meta charset="utf-8"><title>a page</title>'

/** What of an answer a page may see. */
interface Seen {
  readonly status: number
  readonly etag: string | null
  readonly contentRange: string | null
  readonly code: string | null
  readonly length: number
  readonly hash: string
}

interface Asked {
  readonly url: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Bytes of this length, each of value 7. */
  readonly send?: number
}

/** Carried out in the page. */
async function fetchInPage({ url, method = 'GET', headers = {}, send }: Asked): Promise<Seen> {
  const body = send === undefined ? {} : { body: new Blob([new Uint8Array(send).fill(7)]) }
  const answer = await fetch(url, { method, headers, cache: 'no-store', ...body })
  const bytes = await answer.arrayBuffer()
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  const hash = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const [etag, contentRange, code] = ['etag', 'content-range', 'x-kit-error'].map((name) => answer.headers.get(name))
  return {
    status: answer.status,
    etag: etag ?? null,
    contentRange: contentRange ?? null,
    code: code ?? null,
    length: bytes.byteLength,
    hash,
  }
}

/** Carried out in the page: reads until the connection breaks, then goes on with Range and If-Range. */
async function resumeInPage({ url, headers }: { url: string; headers: Readonly<Record<string, string>> }): Promise<{
  readonly statuses: readonly number[]
  readonly got: number
  readonly length: number
  readonly hash: string
}> {
  const parts: Uint8Array<ArrayBuffer>[] = []
  const statuses: number[] = []
  let length = 0
  const read = async (answer: Response): Promise<void> => {
    statuses.push(answer.status)
    const reader = answer.body?.getReader()
    for (;;) {
      const next = await reader?.read()
      if (next?.value === undefined) return
      parts.push(next.value)
      length += next.value.byteLength
    }
  }
  const first = await fetch(url, { headers, cache: 'no-store' })
  await read(first).catch(() => undefined)
  const got = length
  const validator = { range: `bytes=${got}-`, 'if-range': first.headers.get('etag') ?? '' }
  await read(await fetch(url, { headers: { ...headers, ...validator }, cache: 'no-store' }))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await new Blob(parts).arrayBuffer()))
  return { statuses, got, length, hash: [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('') }
}

/** Carried out in the page: takes some of the body and then no more. */
async function abortInPage({
  url,
  headers,
}: {
  url: string
  headers: Readonly<Record<string, string>>
}): Promise<string> {
  const controller = new AbortController()
  const answer = await fetch(url, { headers, cache: 'no-store', signal: controller.signal })
  const reader = answer.body?.getReader()
  await reader?.read()
  controller.abort()
  return await Promise.resolve(reader?.closed).then(
    () => 'ended',
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  )
}

let browser: Browser | undefined
let site: Server
let origin = ''

const missing = await cannotRun('chromium')

beforeAll(async () => {
  if (missing) return
  site = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(html))
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
  const quiet = [
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-domain-reliability',
    '--no-pings',
  ]
  browser = await chromium.launch({ executablePath: await provide('chromium'), args: ['--no-sandbox', ...quiet] })
})
afterAll(async () => {
  await browser?.close()
  site?.closeAllConnections()
  site?.close()
})

/** A page of its own for each test. */
function pages(open: (page: Page) => Promise<unknown>): () => Page {
  let page: Page
  beforeEach(async () => {
    if (browser === undefined) throw new Error('there is no browser')
    page = await (await browser.newContext()).newPage()
    await open(page)
  })
  afterEach(() => page.context().close())
  return () => page
}

const headers = { authorization }

function askFrom(page: Page, asked: Asked): Promise<Seen> {
  return page.evaluate(fetchInPage, { ...asked, headers: { ...headers, ...asked.headers } })
}

describe.skipIf(missing)("a browser's fetch on a page of an origin that is not allowed", () => {
  const peer = peering()
  const page = pages((opened) => opened.goto(origin))

  test('gets nothing and changes nothing', async () => {
    const { url, base, files } = peer()
    for (const asked of [
      { url },
      { url: `${base}${objects}/foreign`, method: 'PUT', send: 10 },
      { url, method: 'DELETE' },
    ]) {
      await expect(askFrom(page(), asked)).rejects.toThrow('Failed to fetch')
    }
    expect((await readdir(files)).filter((name) => !name.startsWith('.'))).toEqual(['big'])
  })
})

const places = ["the server's own origin", 'an origin that is allowed'] as const

describe.skipIf(missing).each(places)("a browser's fetch on a page of %s", (place) => {
  const own = place === places[0]
  const peer = peering(async () => (own ? [] : ['--allow-origin', origin]))
  const page = pages(async (opened) => {
    const address = own ? `${peer().base}/a-page-of-its-own` : origin
    // The server has no page that may fetch: one is put in its place, and everything else goes to it.
    if (own) await opened.route(address, (route) => route.fulfill({ contentType: 'text/html', body: html }))
    await opened.goto(address)
  })
  const ask = (asked: Asked): Promise<Seen> => askFrom(page(), asked)

  test('takes the whole, ranges, and nothing where nothing has changed', async () => {
    const { url, hash } = peer()
    const whole = await ask({ url })
    expect(whole).toMatchObject({ status: 200, length: size, hash, code: null })
    const etag = whole.etag ?? ''
    expect(etag).toMatch(/^"/)
    const part = await ask({ url, headers: { range: 'bytes=1000-2999' } })
    expect(part).toMatchObject({ status: 206, length: 2000, etag, contentRange: `bytes 1000-2999/${size}` })
    expect(await ask({ url, headers: { 'if-none-match': etag } })).toMatchObject({ status: 304, length: 0 })
    expect(await ask({ url, headers: { 'if-match': '"another"' } })).toMatchObject({
      status: 412,
      code: 'ConditionFailed',
    })
    expect((await ask({ url, headers: { range: `bytes=${size}-` } })).status).toBe(416)
    expect(await ask({ url, method: 'HEAD' })).toMatchObject({ status: 200, length: 0, etag })
  })

  test('uploads under conditions', async () => {
    const { base, files } = peer()
    const url = `${base}${objects}/${encodeURIComponent('from a page')}`
    const put = { url, method: 'PUT', send: 3 * mebibyte }
    expect(await ask({ ...put, headers: { 'if-none-match': '*' } })).toMatchObject({ status: 201, code: null })
    const read = await ask({ url })
    expect(read).toMatchObject({ length: 3 * mebibyte, hash: await hashOf(join(files, 'from a page')) })
    const again = await ask({ ...put, headers: { 'if-none-match': '*' } })
    expect(again).toMatchObject({ status: 412, code: 'AlreadyExists' })
    expect((await ask({ ...put, headers: { 'if-match': read.etag ?? '' } })).status).toBe(200)
    expect((await ask({ url, method: 'DELETE' })).status).toBe(204)
  })

  test('goes on where the connection broke, by Range and If-Range', async () => {
    const { url, hash, proxy } = peer()
    await proxy.set({ limit: { direction: 'down', afterBytes: 6 * mebibyte, fate: 'reset', times: 1 } })
    const resumed = await page().evaluate(resumeInPage, { url, headers })
    expect(resumed).toMatchObject({ statuses: [200, 206], length: size, hash })
    expect(resumed.got).toBeGreaterThan(0)
    expect(resumed.got).toBeLessThan(size)
    const stale = await ask({ url, headers: { range: 'bytes=5-', 'if-range': '"another"' } })
    expect(stale).toMatchObject({ status: 200, length: size, hash })
  })

  test('is let go when it wants no more', async () => {
    const { url, hash, server, proxy } = peer()
    await proxy.set({ limit: { direction: 'down', afterBytes: 4 * mebibyte, fate: 'stall' } })
    expect(await page().evaluate(abortInPage, { url, headers })).toBe('AbortError')
    // The file that was being read is closed.
    while ((await openFiles(server.child.pid ?? 0)).some((file) => file.endsWith('/big'))) await sleep(20)
    await proxy.set({ limit: undefined })
    expect(await ask({ url })).toMatchObject({ status: 200, hash })
  })
})

async function openFiles(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`
  const links = (await readdir(folder)).map((name) => readlink(join(folder, name)).catch(() => ''))
  return Promise.all(links)
}
