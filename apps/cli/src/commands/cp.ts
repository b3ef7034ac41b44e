import {
  abortError,
  errorCode,
  joinKey,
  keyBelow,
  keyName,
  parseKey,
  storageError,
  type WriteConditions,
} from '@kit/core'
import { fromNodeStream } from '@kit/core/node'
import { isDirectoryText } from '../address.ts'
import { copyObject } from '../copy-object.ts'
import { withHint, type CommandResult } from '../outcome.ts'
import type { Place, Session } from '../session.ts'
import { pour } from './cat.ts'

export interface CopyOptions {
  readonly recursive?: boolean
  readonly ifAbsent?: boolean
  readonly ifMatch?: string
}

interface Tally {
  copied: number
  bytes: number
  readonly failures: unknown[]
}

/** Copies the sources to the last path. Goes on with the next where one cannot be copied. */
export async function cp(session: Session, paths: readonly string[], options: CopyOptions): Promise<CommandResult> {
  const sources = paths.slice(0, -1)
  const target = paths.at(-1) ?? ''
  checkUsage(sources, options)
  if (target === '-') return toOutput(session, sources, options)
  const destination = await session.place(target)
  const into = sources.length > 1 || isDirectoryText(target) || (await isDirectory(session, destination))
  const tally: Tally = { copied: 0, bytes: 0, failures: [] }
  for (const source of sources) {
    try {
      if (source === '-') await fromInput(session, destination, into, conditionsOf(options), tally)
      else if (options.recursive === true) {
        const under = sources.length > 1 || isDirectoryText(target)
        await copyAny(session, await session.place(source), destination, { into, under }, options, tally)
      } else await copyFile(session, await session.place(source), destination, into, options, tally)
    } catch (error) {
      if (session.signal.aborted) throw abortError(session.signal)
      tally.failures.push(error)
    }
  }
  const { copied, bytes, failures } = tally
  return { fields: { copied, bytes, failed: failures.length }, failures, partly: copied > 0 }
}

function checkUsage(sources: readonly string[], { recursive, ifAbsent, ifMatch }: CopyOptions): void {
  if (sources.length === 0) throw storageError('InvalidConfig', 'cp takes a source and a destination')
  if (sources.length > 1 && sources.includes('-')) throw storageError('InvalidConfig', '`-` is the only source')
  if (ifMatch === undefined) return
  if (ifAbsent === true) throw storageError('InvalidConfig', '--if-absent and --if-match exclude each other')
  if (sources.length > 1 || recursive === true) throw storageError('InvalidConfig', '--if-match is for a single object')
}

function conditionsOf({ ifAbsent, ifMatch }: CopyOptions): WriteConditions {
  return { ifAbsent: ifAbsent === true ? true : undefined, ifMatch }
}

async function toOutput(session: Session, sources: readonly string[], options: CopyOptions): Promise<CommandResult> {
  const [source = ''] = sources
  if (sources.length > 1 || source === '-' || options.recursive === true || options.ifAbsent || options.ifMatch)
    throw storageError('InvalidConfig', '`cp SRC -` takes one object and no conditions')
  return { fields: { copied: 1, bytes: await pour(session, await session.place(source)) }, aside: true }
}

/** Standard input, as it comes; nothing is seen of it until it has ended. */
async function fromInput(
  { signal, call, output }: Session,
  to: Place,
  into: boolean,
  conditions: WriteConditions,
  tally: Tally,
): Promise<void> {
  if (into)
    throw storageError('IsDirectory', 'standard input has no name; name the file', {
      store: to.store.name,
      key: to.key,
    })
  const { stdin } = process
  const stop = (): void => void stdin.destroy(abortError(signal))
  // Whoever reads the stream gets the error; when nobody does any more, it is no news.
  stdin.on('error', () => undefined)
  signal.addEventListener('abort', stop, { once: true })
  try {
    const entry = await to.store.write(to.key, fromNodeStream(stdin), { ...call, ...conditions })
    tally.copied++
    tally.bytes += entry.size ?? 0
    await output.lines([{ type: 'copied', from: '-', to: to.addressOf(to.key), entry }])
  } finally {
    signal.removeEventListener('abort', stop)
    stdin.destroy()
  }
}

async function copyFile(
  session: Session,
  from: Place,
  to: Place,
  into: boolean,
  options: CopyOptions,
  tally: Tally,
): Promise<void> {
  if (from.key === '') throw directoryError(from)
  try {
    await copyOne(session, from, into ? below(to, keyName(from.key)) : to, options, tally)
  } catch (error) {
    const code = errorCode(error)
    const asked = (code === 'NotFound' || code === 'IsDirectory') && (await isDirectory(session, from))
    throw asked ? directoryError(from) : error
  }
}

/** A tree becomes the destination; `under` puts it into the destination under its own name. */
async function copyAny(
  session: Session,
  from: Place,
  to: Place,
  { into, under }: { readonly into: boolean; readonly under: boolean },
  options: CopyOptions,
  tally: Tally,
): Promise<void> {
  if (!(await isDirectory(session, from))) return copyFile(session, from, to, into, options, tally)
  const root = under ? below(to, nameOf(from)) : to
  if (isWithin(from, root)) {
    throw storageError('InvalidConfig', `${root.addressOf(root.key)} lies in what is to be copied`)
  }
  // An empty tree is one too.
  if (root.key !== '' && root.store.can('directories')) await root.store.directories.make(root.key, session.call)
  for await (const entry of from.store.list(from.key, { ...session.call, recursive: true })) {
    const name = keyBelow(from.key, entry.key)
    if (name === undefined) continue
    const place = below(root, name)
    try {
      if (entry.kind === 'file') await copyOne(session, { ...from, key: entry.key }, place, options, tally)
      else if (entry.kind === 'link') session.output.tell(`kit: ${from.addressOf(entry.key)} is a link; left out\n`)
      else if (place.store.can('directories')) await place.store.directories.make(place.key, session.call)
    } catch (error) {
      if (session.signal.aborted) throw error
      tally.failures.push(error)
    }
  }
}

async function copyOne(session: Session, from: Place, to: Place, options: CopyOptions, tally: Tally): Promise<void> {
  const addresses = { from: from.addressOf(from.key), to: to.addressOf(to.key) }
  if (addresses.from === addresses.to) {
    throw storageError('InvalidConfig', `${addresses.from} is the source and the destination`)
  }
  const entry = await copyObject(session, from, to, conditionsOf(options))
  tally.copied++
  tally.bytes += entry.size ?? 0
  if (session.verbose) session.output.tell(`${addresses.from} -> ${addresses.to}\n`)
  await session.output.lines([{ type: 'copied', ...addresses, entry }])
}

function directoryError({ store, key }: Place): Error {
  const error = storageError('IsDirectory', 'the source is a directory', { operation: 'cp', store: store.name, key })
  return withHint(error, 'Say -r to copy it with all that is in it.')
}

/** Whether a tree copied from here to there would copy itself on and on. Folders can be known under several roots. */
function isWithin(from: Place, to: Place): boolean {
  if (from.store === to.store) return keyBelow(from.key, to.key) !== undefined
  const [outer, inner] = [from.addressOf(from.key), to.addressOf(to.key)]
  return inner === outer || inner.startsWith(outer.replace(/\/?$/, '/'))
}

function below(place: Place, name: string): Place {
  return { ...place, key: joinKey(place.key, parseKey(name)) }
}

function nameOf(place: Place): string {
  return place.key === '' ? place.rootName : keyName(place.key)
}

async function isDirectory({ call }: Session, { store, key }: Place): Promise<boolean> {
  if (key === '') return true
  try {
    return (await store.stat(key, { ...call, implied: true })).kind === 'directory'
  } catch (error) {
    if (errorCode(error) === 'NotFound' || errorCode(error) === 'NotDirectory') return false
    throw error
  }
}
