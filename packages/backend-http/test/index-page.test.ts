import { openStore, type Store } from '@kit/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPrivate } from '../src/http-address.ts'
import { readIndex } from '../src/index-page.ts'
import { http } from '../src/index.ts'
import { web, type Web } from './web-server.ts'

const at = new URL('https://example.org/data/sub/')
const html = (links: readonly string[], title = 'Index of /data/sub/'): string =>
  `<html><head><title>${title}</title></head><body>${links.map((href) => `<a href="${href}">x</a>`).join('\n')}</body></html>`
const names = (links: readonly string[]): string[] =>
  (readIndex(html(links), 'text/html', at) ?? []).map(({ name, kind }) => (kind === 'directory' ? `${name}/` : name))

describe('an index page', () => {
  it('shows what is directly in the directory, and nothing else', () => {
    expect(
      names([
        '../',
        './',
        '?C=N;O=D',
        '/data/',
        '/',
        '/data/sub/',
        '#top',
        'mailto:a@b',
        'https://evil.org/data/sub/x',
      ]),
    ).toEqual([])
    expect(
      names(['a', './b', '/data/sub/c', 'https://example.org/data/sub/d', '//example.org/data/sub/e', 'f/']),
    ).toEqual(['a', 'b', 'c', 'd', 'e', 'f/'])
    expect(names(['x/y', 'x/y/', '../up', 'x?version=2', 'x#part', '%2e%2e/', 'a%2Fb', 'bad%ff', 'nul%00'])).toEqual([])
    expect(names(['a%20b', 'c%26d', 'e&amp;f', 'g%23h', '%C3%A4', 'i&#39;j', 'k+l'])).toEqual([
      'a b',
      'c&d',
      'e&f',
      'g#h',
      'ä',
      "i'j",
      'k+l',
    ])
    expect(names(['twice', 'twice'])).toEqual(['twice'])
  })

  it('that nobody made as an index is none', () => {
    expect(readIndex(html(['a', 'b'], 'Our files'), 'text/html', at)).toBeUndefined()
    expect(readIndex('{"a":1}', 'application/json', at)).toBeUndefined()
    expect(readIndex('[1]', 'application/json', at)).toBeUndefined()
    expect(readIndex('no json', 'application/json', at)).toBeUndefined()
    expect(readIndex(html(['a']), 'text/plain', at)).toBeUndefined()
    expect(readIndex('[]', 'application/json', at)).toEqual([])
  })

  it('of Go, of Caddy and of nginx in JSON is read', () => {
    const go =
      '<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n<a href="a">a</a>\n<a href="b/">b/</a>\n</pre>\n'
    expect(readIndex(go, 'text/html; charset=utf-8', at)).toEqual([
      { name: 'a', kind: 'file' },
      { name: 'b', kind: 'directory' },
    ])
    expect(readIndex('<pre>\n<a href="a">a</a>\n</pre>\n', 'text/html', at)).toHaveLength(1)
    const caddy = [
      {
        name: 'd/',
        size: 4096,
        url: './d/',
        mod_time: '2026-11-21T10:00:00Z',
        mode: 2147484141,
        is_dir: true,
        is_symlink: false,
      },
      { name: 'f', size: 3, url: './f', mod_time: '2026-11-21T10:00:00Z', mode: 420, is_dir: false, is_symlink: false },
    ]
    expect(readIndex(JSON.stringify(caddy), 'application/json; charset=utf-8', at)).toEqual([
      { name: 'd', kind: 'directory', size: undefined, modified: new Date('2026-11-21T10:00:00Z') },
      { name: 'f', kind: 'file', size: 3, modified: new Date('2026-11-21T10:00:00Z') },
    ])
    const nginx = [
      { name: 'a/b', type: 'file', size: 1 },
      { name: '..', type: 'directory' },
      { name: 'ok', type: 'file', size: -1 },
      { name: 'pipe', type: 'other' },
    ]
    expect(readIndex(JSON.stringify(nginx), 'application/json', at)?.map(({ name }) => name)).toEqual(['ok'])
  })

  it('never gives a name that is no single segment, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), fc.array(fc.webUrl()), (texts, urls) => {
        const page = html([...texts, ...texts.map(encodeURI), ...texts.map((text) => `/data/sub/${text}`), ...urls])
        for (const { name } of readIndex(page, 'text/html', at) ?? []) {
          expect(name).not.toMatch(/^\.{0,2}$|[/\0]/)
          expect(name.isWellFormed()).toBe(true)
        }
      }),
    )
  })

  it('is read in time that grows with its length, whatever stands in it', () => {
    for (const text of ['<a ', '<a href="', '<a href=', "<a x='", '&#', '<pre>', '<!doctype html> '].map((one) =>
      one.repeat(200_000),
    )) {
      const start = process.cpuUsage()
      readIndex(`<title>Index of /</title>${text}`, 'text/html', at)
      readIndex(text, 'text/html', at)
      expect(process.cpuUsage(start).user).toBeLessThan(3_000_000)
    }
  })
})

describe('a listing', () => {
  const list = (server: Web, more = {}): Promise<Store> =>
    openStore(http({ url: server.url, index: 'auto', ...more, layers: { retry: { attempts: 1 } } }))
  const all = async (store: Store, directory = ''): Promise<string[]> => {
    const found: string[] = []
    for await (const { key } of store.list(directory)) found.push(key)
    return found
  }

  it('is not declared, and refused, unless it was asked for', async () => {
    await using server = await web((_, response) => void response.end())
    await using store = await openStore(http({ url: server.url }))
    expect(store.can('list')).toBe(false)
    await expect(all(store)).rejects.toMatchObject({ code: 'Unsupported' })
    expect(server.seen).toEqual([])
  })

  it('of a page that is no index is refused, of a missing directory is empty, of a forbidden one PermissionDenied', async () => {
    await using server = await web((request, response) => {
      if (request.url === '/gone/') response.writeHead(404).end()
      else if (request.url === '/forbidden/') response.writeHead(403).end()
      else response.setHeader('content-type', 'text/html').end('<title>Welcome</title><a href="a">a</a>')
    })
    await using store = await list(server)
    await expect(all(store)).rejects.toThrow(/Unsupported.*no index page/)
    expect(await all(store, 'gone')).toEqual([])
    await expect(all(store, 'forbidden')).rejects.toMatchObject({ code: 'PermissionDenied' })
  })

  it('of a page without end is TooLarge, and the page is not read on', async () => {
    let sent = 0
    await using server = await web((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      response.write('<title>Index of /</title>')
      const more = (): void => {
        while (!response.destroyed && sent < 2 ** 30) {
          sent += 2 ** 20
          if (!response.write(Buffer.alloc(2 ** 20, ' '))) return void response.once('drain', more)
        }
      }
      more()
    })
    await using store = await list(server)
    await expect(all(store)).rejects.toMatchObject({ code: 'TooLarge' })
    expect(sent).toBeLessThan(64 * 2 ** 20)
  })

  it('leaves out what has gone since the page was made', async () => {
    await using server = await web((request, response) => {
      if (request.url === '/')
        response
          .setHeader('content-type', 'text/html')
          .end('<title>Index of /</title><a href="a">a</a><a href="b">b</a>')
      else response.writeHead(request.url === '/a' ? 404 : 200, { 'content-length': '3' }).end()
    })
    await using store = await list(server)
    expect(await all(store)).toEqual(['b'])
  })
})

describe('an address of this network', () => {
  it('is known by its number', () => {
    const inside = [
      '127.0.0.1',
      '10.1.2.3',
      '192.168.0.1',
      '172.16.0.1',
      '172.31.9.9',
      '169.254.169.254',
      '100.64.0.1',
      '0.0.0.0',
      'localhost',
      'a.localhost',
      '[::1]',
      '[fe80::1]',
      '[fd00::1]',
      '[::ffff:7f00:1]',
      '[::]',
    ]
    const outside = [
      'example.org',
      '8.8.8.8',
      '172.32.0.1',
      '100.128.0.1',
      '10.example.org',
      '[2606:4700::1111]',
      '11.0.0.1',
    ]
    expect(inside.filter((host) => !isPrivate(new URL(`http://${host}`).hostname))).toEqual([])
    expect(outside.filter((host) => isPrivate(new URL(`http://${host}`).hostname))).toEqual([])
    expect(isPrivate(new URL('http://0x7f.1').hostname)).toBe(true)
  })
})
