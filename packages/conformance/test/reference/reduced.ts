import { effectiveCapabilities, type Backend, type Capabilities } from '@kit/core'
import type { Subject } from '../../src/index.ts'
import { onEntries } from '../breaks/broken.ts'
import { capabilitiesOf } from './reference-backend.ts'
import { referenceSubject, type Break, type Shape } from './subject.ts'

/** The least that a store which writes can declare: core makes the rest, or refuses it. */
function least(given: Capabilities): Capabilities {
  return {
    ops: {
      write: 'native',
      list: 'native',
      delete: 'native',
      ...(given.directories === 'real' ? { directories: 'native' } : {}),
    },
    etag: 'weak',
    read: {},
    write: { atomic: 'native', durable: 'process', attributes: [] },
    list: { pageMax: 7, fields: ['size'] },
    delete: {},
    keys: { ...given.keys, forbidden: ':?*\\', reserved: ['con', '.kit'], caseSensitive: false, unicode: 'nfc' },
    directories: given.directories,
    consistent: given.consistent,
  }
}

/** Reads alone; its objects come by other means. */
function readOnly(given: Capabilities): Capabilities {
  const { write: _write, copy: _copy, move: _move, delete: _delete, ...rest } = given
  return { ...rest, ops: { list: 'native', ping: 'native' } }
}

/** Only what is declared is there, and options that are not declared are an error of core's. */
function declaring(change: (given: Capabilities) => Capabilities): Break {
  return (backend) => {
    const capabilities = change(backend.capabilities)
    const { list } = backend
    const kept: Backend = {
      capabilities,
      stat: backend.stat,
      read: backend.read,
      close: async () => backend.close?.(),
      list: (context, directory, options) => {
        const { recursive, after, cursor, limit } = options
        if ((recursive && !capabilities.list?.recursive) || (after !== undefined && !capabilities.list?.after)) {
          throw new Error('core asks for what is not declared')
        }
        if (list === undefined) throw new Error('the reference lists')
        return list(context, directory, {
          recursive,
          after,
          cursor,
          limit: Math.min(limit ?? 1000, capabilities.list?.pageMax ?? 1000),
        })
      },
    }
    const { write, delete: remove, directories, ping } = backend
    return {
      ...kept,
      ...(capabilities.ops.write && write && { write }),
      ...(capabilities.ops.delete && remove && { delete: remove }),
      ...(capabilities.ops.directories && directories && { directories }),
      ...(capabilities.ops.ping && ping && { ping }),
    }
  }
}

export function leastSubject(shape: Shape): Subject {
  const weak = onEntries((entry) => ({ ...entry, etag: `W/${entry.etag}` }))
  const {
    plugin: _,
    manifest: __,
    ...subject
  } = referenceSubject(shape, {
    breaks: (backend, world) => weak(declaring(least)(backend, world), world),
  })
  return { ...subject, capabilities: effectiveCapabilities(least(capabilitiesOf(shape === 'tree'))) }
}

export function readOnlySubject(): Subject {
  const {
    plugin: _,
    manifest: __,
    ...subject
  } = referenceSubject('tree', { breaks: declaring(readOnly), shared: true })
  return { ...subject, capabilities: effectiveCapabilities(readOnly(capabilitiesOf(true))) }
}
