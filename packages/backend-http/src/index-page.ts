/** What the index pages of Apache, nginx, lighttpd, Python, Go (HTML) and of nginx, Caddy (JSON) say. */

export interface Listed {
  readonly name: string
  readonly kind: 'file' | 'directory'
  /** Only where it is exact. */
  readonly size?: number | undefined
  readonly modified?: Date | undefined
}

// Bounded, so that no page takes longer than its length is worth.
const links = /<a\s[^<>]{0,1000}?\bhref\s{0,9}=\s{0,9}(?:"([^"<>]{0,8000})"|'([^'<>]{0,8000})')/gi

/** The entries of the page at `url`; undefined where it is no index. */
export function readIndex(text: string, contentType: string, url: URL): readonly Listed[] | undefined {
  if (/^\s*application\/json\b/i.test(contentType)) return readJson(text)
  if (!/html/i.test(contentType) || !isIndex(text)) return undefined
  const found = new Map<string, Listed>()
  for (const [, double, single] of text.matchAll(links)) {
    const listed = linked(decodeEntities(double ?? single ?? ''), url)
    if (listed !== undefined) found.set(listed.name, listed)
  }
  return [...found.values()]
}

/** Pages that people have written link to files too, but do not show all of them. */
function isIndex(text: string): boolean {
  const start = text.slice(0, 4096)
  const title = /<title>\s*(?:Index of|Directory listing for)\s/i.test(start)
  // Go's file server: links and nothing else.
  return title || /^\s*(?:<!doctype html>\s*<meta name="viewport"[^>]*>\s*)?<pre>\s*(?:<a href=|<\/pre>)/i.test(start)
}

/** What a link leads to, where that is directly in the directory. */
function linked(href: string, directory: URL): Listed | undefined {
  const to = URL.parse(href, directory.href)
  if (to === null || to.origin !== directory.origin || to.search !== '' || href.includes('#')) return undefined
  if (!to.pathname.startsWith(directory.pathname)) return undefined
  const rest = to.pathname.slice(directory.pathname.length)
  const isDirectory = rest.endsWith('/')
  const name = decoded(isDirectory ? rest.slice(0, -1) : rest)
  if (name === undefined || !isSegment(name)) return undefined
  return { name, kind: isDirectory ? 'directory' : 'file' }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function isSegment(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name) && name.isWellFormed()
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00A0' }

function decodeEntities(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[String(name).toLowerCase()] ?? whole
    const point = hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}

/** nginx: `name`, `type`, `mtime`, `size`. Caddy: `name`, `is_dir`, `mod_time`, `size`. */
function readJson(text: string): readonly Listed[] | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(value)) return undefined
  const found: Listed[] = []
  for (const one of value) {
    const field = (name: string): unknown => Reflect.get(Object(one), name)
    const [given, type, isDirectory, size] = [field('name'), field('type'), field('is_dir'), field('size')]
    if (typeof given !== 'string' || (typeof type !== 'string' && typeof isDirectory !== 'boolean')) return undefined
    const name = given.replace(/\/$/, '')
    const directory = type === 'directory' || isDirectory === true
    if (!isSegment(name) || (!directory && type !== undefined && type !== 'file')) continue
    const time = Date.parse(String(field('mtime') ?? field('mod_time')))
    const exact = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 && !directory
    found.push({
      name,
      kind: directory ? 'directory' : 'file',
      size: exact ? size : undefined,
      modified: Number.isNaN(time) ? undefined : new Date(time),
    })
  }
  return found
}
