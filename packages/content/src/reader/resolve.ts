import { storageError } from '@kit/core'
import { codecName, parseCid } from '../cid/index.ts'
import { decodeNode } from '../codecs/index.ts'
import { lookUp } from '../directories/index.ts'
import { decodeUnixFs } from '../unixfs/index.ts'
import type { BlockCall, BlockReader } from '../verify/index.ts'
import type { ContentPath } from './path.ts'

/** Where a path leads. */
export interface Resolved {
  /** The path as it was asked for, its CID in canonical text. */
  readonly path: string
  /** The block at its end. */
  readonly cid: string
  /** Steps that are left inside of that block, of dag-cbor or dag-json. Empty where the path ends at a block. */
  readonly rest: readonly string[]
}

/** Symbolic links on one way: more is a circle. */
const maxLinks = 32
/** Longest target of a link that is followed, in UTF-16 units. */
const maxTargetLength = 4096
/** Names and `..` that are walked on one way, those of links included. */
const maxSteps = 4096

/**
 * Walks a path through directories, through maps and lists of dag-cbor and dag-json, and through symbolic links on the way as long as
 * they stay below the path's CID; `follow`: through one at its end too.
 * @throws NotFound, NotDirectory; PermissionDenied for a link that leads out; Corrupt for blocks that are not sound.
 */
export async function resolvePath(
  reader: BlockReader,
  path: ContentPath,
  call: BlockCall & { readonly follow: boolean },
): Promise<Resolved> {
  const way = [path.cid]
  const steps = [...path.names]
  let links = 0
  for (let walked = 0; ; walked++) {
    if (walked > maxSteps) throw storageError('NotFound', 'the links on the way make it too long', { key: path.text })
    const cid = way.at(-1)
    if (cid === undefined) throw leadsOut(path)
    const target = steps.length > 0 || call.follow ? await linkTarget(reader, cid, call) : undefined
    if (target !== undefined) {
      if (++links > maxLinks) {
        throw storageError('NotFound', 'the links on the way lead in a circle', { key: path.text })
      }
      way.pop()
      if (target.startsWith('/')) throw leadsOut(path)
      if (target.length > maxTargetLength) {
        throw storageError('TooLarge', 'the target of a symbolic link on the way is too long', { key: path.text })
      }
      steps.unshift(...target.split('/'))
    }
    const name = steps.shift()
    if (name === undefined) return { path: path.text, cid, rest: [] }
    if (name === '..') way.pop()
    else if (name !== '' && name !== '.') {
      const here = way.at(-1)
      if (here === undefined) throw leadsOut(path)
      const codec = codecName(parseCid(here).codec)
      if (codec === 'dag-cbor' || codec === 'dag-json') {
        const value = stepInto(decodeNode(here, await reader.get(here, call)), [name, ...steps], path)
        if (value.cid === undefined) return { path: path.text, cid: here, rest: [name, ...steps] }
        way.push(value.cid)
        steps.splice(0, value.used - 1)
      } else {
        const child = codec === 'dag-pb' ? await lookUp(reader, here, name, call) : notADirectory(here)
        if (child === undefined) throw notFound(path, name)
        way.push(child.cid)
      }
    }
    if (way.length === 0) throw leadsOut(path)
  }
}

/** Where the block is a symbolic link: what it says. */
async function linkTarget(reader: BlockReader, cid: string, call: BlockCall): Promise<string | undefined> {
  if (codecName(parseCid(cid).codec) !== 'dag-pb') return undefined
  const node = decodeUnixFs(await reader.get(cid, call))
  return node.type === 'symlink' ? targetOf(node.data) : undefined
}

/** @throws Corrupt for a target that is no text */
export function targetOf(data: Uint8Array | undefined): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data ?? new Uint8Array())
  } catch (error) {
    throw storageError('Corrupt', 'the target of a symbolic link is not UTF-8', { cause: error })
  }
}

/** Steps through a value until a link to another block, or to the end of the steps. */
function stepInto(
  value: unknown,
  steps: readonly string[],
  path: ContentPath,
): { readonly cid?: string; readonly used: number } {
  let here = value
  for (const [used, step] of steps.entries()) {
    const link = linkOf(here)
    if (link !== undefined) return { cid: link, used }
    if (typeof here !== 'object' || here === null || here instanceof Uint8Array || !Object.hasOwn(here, step)) {
      throw notFound(path, step)
    }
    // A list has its length besides its items.
    if (Array.isArray(here) && !/^(0|[1-9]\d*)$/.test(step)) throw notFound(path, step)
    here = Object.getOwnPropertyDescriptor(here, step)?.value
  }
  const link = linkOf(here)
  return link === undefined ? { used: steps.length } : { cid: link, used: steps.length }
}

function linkOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('/' in value) || typeof value['/'] !== 'string') return undefined
  return Object.keys(value).length === 1 ? value['/'] : undefined
}

function notFound(path: ContentPath, name: string): Error {
  return storageError('NotFound', `nothing is called ${JSON.stringify(name)} there`, { key: path.text })
}

function notADirectory(cid: string): never {
  throw storageError('NotDirectory', `the block ${cid} is no directory`)
}

function leadsOut(path: ContentPath): Error {
  return storageError('PermissionDenied', 'a symbolic link on the way leads out of the content', { key: path.text })
}
