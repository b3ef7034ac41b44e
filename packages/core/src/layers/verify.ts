/* oxlint-disable typescript/no-unsafe-type-assertion -- the keys of `Hashes` are hash names */
import type { Bytes, ByteStream, Entry, HashName, Hashes, ReadResult, Source } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { endUnread } from '../store/source.ts'
import { hasherFor, type Hasher } from './hashing.ts'
import type { Layer, Operations } from './layer.ts'

/**
 * Checks whole bodies against hashes: those an entry carries when it is read from its first byte to its last, and those a caller gives with a
 * write, where the store does not check them itself. A mismatch is Corrupt; a body at hand is read once more before that.
 */
export function verify(): Layer {
  return {
    name: 'verify',
    attach: ({ capabilities }) => ({
      around: {
        read: (next) => verifiedRead(next),
        write: (next) => (context, key, source, options) => {
          const { hashes } = options
          if (hashes === undefined) return next(context, key, source, options)
          const checks = capabilities.write?.checks ?? []
          const names = Object.keys(hashes) as HashName[]
          const passed = names.filter((name) => checks.includes(name))
          const own = names.filter((name) => !checks.includes(name))
          const checked = own.length === 0 ? source : checkedSource(source, pick(hashes, own))
          return next(context, key, checked, {
            ...options,
            hashes: passed.length === 0 ? undefined : pick(hashes, passed),
          })
        },
      },
    }),
  }
}

function pick(hashes: Hashes, names: readonly HashName[]): Hashes {
  return Object.fromEntries(names.map((name) => [name, hashes[name]]))
}

function verifiedRead(next: Operations['read']): Operations['read'] {
  return async (context, key, options) => {
    let result = await next(context, key, options)
    const expected = options.range === undefined ? checkable(result) : undefined
    if (expected === undefined) return result
    if (!(result.body instanceof Uint8Array))
      return { ...result, file: undefined, body: checkedStream(result.body, expected) }
    if (digest(expected.name, result.body) !== expected.value) {
      context.log('warn', 'a body does not match its hash; reading once more', { key, hash: expected.name })
      result = await next(context, key, options)
      if (!(result.body instanceof Uint8Array))
        return { ...result, file: undefined, body: checkedStream(result.body, expected) }
      const again = checkable(result)
      if (again !== undefined && digest(again.name, result.body) !== again.value) {
        await endUnread(result.body)
        throw mismatch(again)
      }
    }
    return result
  }
}

interface Expected {
  readonly name: HashName
  readonly value: string
}

function checkable({ entry, from }: ReadResult): Expected | undefined {
  if (entry.hashes === undefined || from !== 0) return undefined
  return firstKnown(entry)
}

function firstKnown(entry: Entry): Expected | undefined {
  for (const [name, value] of Object.entries(entry.hashes ?? {})) {
    if (value !== undefined && hasherFor(name as HashName) !== undefined) return { name: name as HashName, value }
  }
  return undefined
}

function newHasher(name: HashName): Hasher {
  const hasher = hasherFor(name)
  if (hasher === undefined)
    throw storageError('Unsupported', `${name} cannot be computed here, and the store does not check it`)
  return hasher
}

function digest(name: HashName, bytes: Bytes): string {
  const hasher = newHasher(name)
  hasher.update(bytes)
  return hasher.hex()
}

function mismatch({ name, value }: Expected): Error {
  return storageError('Corrupt', `the bytes do not have the ${name} ${value}`)
}

/** The stream, its end told only when everything before it had the hash. */
async function* checkedStream(stream: ByteStream, ...expected: readonly Expected[]): AsyncGenerator<Bytes> {
  const hashers = expected.map(({ name }) => newHasher(name))
  let held: Bytes | undefined
  for await (const chunk of stream) {
    for (const hasher of hashers) hasher.update(chunk)
    if (held !== undefined) yield held
    held = chunk
  }
  for (const [index, hasher] of hashers.entries()) {
    const wanted = expected[index]
    if (wanted !== undefined && hasher.hex() !== wanted.value) throw mismatch(wanted)
  }
  if (held !== undefined) yield held
}

function checkedSource(source: Source, hashes: Hashes): Source {
  const expected = Object.entries(hashes).map(([name, value]) => ({ name: name as HashName, value }))
  const { bytes } = source
  for (const { name } of expected) newHasher(name)
  if (bytes !== undefined) {
    for (const wanted of expected) if (digest(wanted.name, bytes) !== wanted.value) throw mismatch(wanted)
    return source
  }
  return {
    ...source,
    // The bytes must come by here.
    file: undefined,
    open(from) {
      if (from !== 0) return null
      const stream = source.open(0)
      return stream === null ? null : checkedStream(stream, ...expected)
    },
  }
}
