import type { Capabilities, Checked } from '@kit/core'
import type { HttpOptions } from './index.ts'

/** The most that a web server does for who reads. */
export const capabilities: Capabilities = {
  ops: { list: 'native', ping: 'native' },
  etag: 'strong',
  read: { range: 'native', ifMatch: 'native', ifNoneMatch: 'native' },
  list: { pageMax: 1000, fields: ['size'] },
  // Percent-encoded, names are three times as long, and servers take addresses of 8 KiB.
  keys: { maxBytes: 2048, caseSensitive: true, unicode: 'exact' },
  directories: 'real',
  // What lies between may answer from memory.
  consistent: { read: false, list: false },
  hints: { concurrency: 8 },
}

/** What is left of it by the options: nobody can know a server before asking, so what is not said is not promised. */
export function narrowed({ etag, index }: Pick<Checked<HttpOptions>, 'etag' | 'index'>): Capabilities {
  const { list: _, ...ops } = capabilities.ops
  const { list, etag: __, ...rest } = capabilities
  const compared = etag === 'none' ? {} : { ifNoneMatch: 'native' as const }
  const pinned = etag === 'strong' ? { ifMatch: 'native' as const } : {}
  return {
    ...rest,
    ...(etag === 'none' || etag === undefined ? {} : { etag }),
    ops: index === 'auto' ? { list: 'native', ...ops } : ops,
    read: { range: 'native', ...compared, ...pinned },
    ...(index === 'auto' ? { list } : {}),
  }
}
