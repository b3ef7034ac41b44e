import type { Capabilities } from '@kit/core'

/** Whom conditions protect against. */
export type ConditionScope = NonNullable<NonNullable<Capabilities['write']>['conditionScope']>

/** What a tree over content can do; `durable` and `conditionScope` come from what it stands on. */
export function pathsCapabilities(write: {
  readonly durable: 'process' | 'power'
  readonly conditionScope: ConditionScope
}): Capabilities {
  return {
    ops: {
      write: 'native',
      list: 'native',
      delete: 'native',
      batch: 'native',
      copy: 'native',
      move: 'native',
      update: 'native',
      versions: 'native',
      directories: 'native',
      links: 'native',
    },
    etag: 'strong',
    read: { range: 'native', version: 'native' },
    write: {
      ...write,
      atomic: 'native',
      ifAbsent: 'native',
      ifMatch: 'native',
      unknownSize: 'native',
      attributes: ['modified', 'mode'],
    },
    copy: { ifAbsent: 'native', ifMatch: 'native', fromEtag: 'native' },
    move: { ifAbsent: 'native', ifMatch: 'native' },
    list: { recursive: 'native', cursor: true, pageMax: 1000, fields: ['size', 'etag', 'cid'] },
    delete: { ifMatch: 'native' },
    keys: { maxBytes: 32_768, segmentMaxBytes: 1024, caseSensitive: true, unicode: 'exact' },
    directories: 'real',
    consistent: { read: true, list: true },
  }
}
