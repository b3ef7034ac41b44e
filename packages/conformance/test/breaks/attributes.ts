import { onEntries, onWrite, without, type Broken } from './broken.ts'

export const attributes: readonly Broken[] = [
  {
    name: 'contentType is lost',
    caughtBy: /attributes: contentType comes back/,
    breaks: onWrite((write, context, key, source, options) =>
      write(context, key, source, without(options, 'contentType')),
    ),
  },
  {
    name: 'contentType is lost on streams alone',
    caughtBy: /attributes: contentType comes back/,
    breaks: onWrite((write, context, key, source, options) =>
      write(context, key, source, source.bytes ? options : without(options, 'contentType')),
    ),
  },
  {
    name: 'metadata is merged with that of the old object',
    caughtBy: /attributes: a new write drops/,
    breaks: onWrite((write, context, key, source, options, world) => {
      const old = world.nodes.get(key)
      const kept = old?.kind === 'file' ? old.entry.metadata : {}
      return write(context, key, source, { ...options, metadata: { ...kept, ...options.metadata } })
    }),
  },
  {
    name: 'values of metadata are trimmed of what follows a semicolon',
    caughtBy: /attributes: metadata comes back/,
    breaks: onEntries(({ metadata, ...entry }) => ({
      ...entry,
      metadata:
        metadata &&
        Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, value.split(';')[0] ?? ''])),
    })),
  },
  {
    name: 'empty values of metadata are lost',
    caughtBy: /attributes: metadata comes back/,
    breaks: onEntries(({ metadata, ...entry }) => ({
      ...entry,
      metadata: metadata && Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== '')),
    })),
  },
  {
    name: 'metadata beyond the declared length is cut',
    caughtBy: /attributes: metadata of the declared length/,
    breaks: onEntries(({ metadata, ...entry }) => ({
      ...entry,
      metadata:
        metadata && Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, value.slice(0, 1000)])),
    })),
  },
  {
    name: 'modified is told in another time zone',
    caughtBy: /attributes: modified comes back/,
    breaks: onEntries((entry) => ({
      ...entry,
      modified: entry.modified && new Date(entry.modified.getTime() + 3_600_000),
    })),
  },
  {
    name: 'mode keeps the bits of the owner alone',
    caughtBy: /attributes: mode comes back/,
    breaks: onEntries((entry) => ({ ...entry, mode: entry.mode === undefined ? undefined : entry.mode & 0o700 })),
  },
  {
    name: 'an attribute that is not declared is taken in silence',
    caughtBy: /manifest: (the capabilities of a store|a store can nothing)/,
    breaks: (backend) => {
      const { write } = backend.capabilities
      if (write === undefined) return backend
      const fewer = write.attributes.filter((name) => name !== 'contentType')
      return { ...backend, capabilities: { ...backend.capabilities, write: { ...write, attributes: fewer } } }
    },
  },
]
