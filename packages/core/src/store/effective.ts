import type { Capabilities, How, Operation } from '../backend/index.ts'
import { keepsOrder } from '../keys/codec.ts'

type Mutable<Value> = { -readonly [Name in keyof Value]: Value[Name] }

/**
 * What a program sees of a backend's capabilities: with everything that core makes out of what there is, marked `emulated`.
 * Pure, so that a manifest can be shown the same way without opening anything.
 */
export function effectiveCapabilities(given: Capabilities): Capabilities {
  const { read, write, list, etag } = given
  const ops: Mutable<Capabilities['ops']> = { ...given.ops }
  const emulate = (operation: Operation, possible: boolean): void => {
    if (ops[operation] === undefined && possible) ops[operation] = 'emulated'
  }
  emulate('copy', ops.write !== undefined)
  emulate('move', ops.copy !== undefined && ops.delete !== undefined)
  emulate('deleteMany', ops.delete !== undefined)
  emulate('ping', true)
  const made = (how: How | undefined, possible: boolean): How | undefined => how ?? (possible ? 'emulated' : undefined)
  const inKeyOrder = keepsOrder(given.keys)
  const throughMove = write?.atomic === undefined && given.ops.move !== undefined && ops.delete !== undefined
  const atomic = made(write?.atomic, throughMove && given.move?.replaces !== 'gap')
  // Where a write goes through a temporary name its conditions are those of the move.
  const ifAbsent = throughMove ? given.move?.ifAbsent && 'emulated' : write?.ifAbsent
  const ifMatch = throughMove ? given.move?.ifMatch && 'emulated' : write?.ifMatch
  const pinned = made(read.ifMatch, etag === 'strong')
  return {
    ...given,
    ops,
    read: {
      ...read,
      range: made(read.range, true),
      ifMatch: pinned,
      ifNoneMatch: made(read.ifNoneMatch, etag !== undefined),
    },
    write: write && {
      ...write,
      atomic,
      ifAbsent,
      ifMatch,
      unknownSize: made(write.unknownSize, true),
    },
    copy: ops.copy && {
      ifAbsent: made(given.copy?.ifAbsent, ifAbsent !== undefined),
      ifMatch: made(given.copy?.ifMatch, ifMatch !== undefined),
      fromEtag: made(given.copy?.fromEtag, pinned !== undefined && ops.write !== undefined),
    },
    move: ops.move && {
      ...given.move,
      ifAbsent: made(given.move?.ifAbsent, ifAbsent !== undefined && ops.delete !== undefined),
      ifMatch: made(given.move?.ifMatch, ifMatch !== undefined && ops.delete !== undefined),
    },
    list: list && {
      ...list,
      recursive: made(list.recursive, true),
      after: inKeyOrder ? made(list.after, true) : 'emulated',
      ordered: inKeyOrder ? made(list.ordered, true) : 'emulated',
    },
  }
}
