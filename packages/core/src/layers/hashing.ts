import type { HashName } from '../backend/index.ts'

/** A hash in the making. */
export interface Hasher {
  update(bytes: Uint8Array): void
  /** Lower-case hexadecimal; ends it. */
  hex(): string
}

/** The parts of `node:crypto` and `node:zlib` that are used here. */
interface Builtins {
  (name: 'node:crypto'): {
    createHash(name: string): { update(bytes: Uint8Array): unknown; digest(encoding: 'hex'): string }
  }
  (name: 'node:zlib'): { crc32(bytes: Uint8Array, value?: number): number }
}

const cryptographic: ReadonlySet<string> = new Set(['sha256', 'md5', 'sha1'])

/**
 * A hasher, or undefined where this runtime has none of that name. Taken from the running Node when first needed: this room of core imports
 * no `node:` module, so that it loads anywhere.
 */
export function hasherFor(name: HashName): Hasher | undefined {
  const builtin = (globalThis as { process?: { getBuiltinModule?: Builtins } }).process?.getBuiltinModule
  if (builtin === undefined) return undefined
  if (cryptographic.has(name)) {
    const hash = builtin('node:crypto').createHash(name)
    return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') }
  }
  if (name !== 'crc32') return undefined
  const { crc32 } = builtin('node:zlib')
  let value = 0
  return {
    update(bytes) {
      value = crc32(bytes, value)
    },
    hex: () => value.toString(16).padStart(8, '0'),
  }
}
