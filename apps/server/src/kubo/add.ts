/** `POST /api/v0/add`: files and trees as multipart, told line by line as they are there. */
import { decodeNode, importFile, importSymlink, parseCid, codecs, type BlockWriter, type Profile } from '@kit/content'
import { collect, ownBytes, storageError, type Bytes, type CallOptions, type Source, type Store } from '@kit/core'
import { refusal } from '../answers.ts'
import type { Part } from '../wire/multipart.ts'
import { addedTree, type Added } from './added-tree.ts'
import { line } from './answers.ts'
import type { KuboArguments, KuboCall } from './arguments.ts'

/** Parameters that are taken. */
export const addParameters: readonly string[] = [
  'pin',
  'pin-name',
  'cid-version',
  'chunker',
  'raw-leaves',
  'hash',
  'only-hash',
  'wrap-with-directory',
  'trickle',
  'inline',
  'inline-limit',
  'nocopy',
  'fscache',
  'preserve-mode',
  'preserve-mtime',
  // Of what the client has done before it sends, which Kubo's own command repeats.
  'recursive',
  'dereference-args',
  'dereference-symlinks',
  'stdin-name',
  'hidden',
  'empty-dirs',
]

export interface AddOptions {
  readonly profile: Profile
  readonly pin: boolean
  readonly pinName: string | undefined
  readonly onlyHash: boolean
  readonly wrap: boolean
  readonly progress: boolean
}

/** @throws Unsupported for what the profiles cannot make: another CID than the one that is expected would be given */
export function addOptions(given: KuboArguments): AddOptions {
  const version = given.text('cid-version') ?? '0'
  if (version !== '0' && version !== '1') throw refusal('InvalidConfig', 'cid-version is 0 or 1')
  const profile = version === '1' ? 'unixfs-v1-2025' : 'unixfs-v0-2015'
  const [chunker, rawLeaves] = version === '1' ? ['size-1048576', true] : ['size-262144', false]
  const made = `cid-version=${version} makes files as the profile ${profile} does (IPIP-499)`
  if (!['default', chunker].includes(given.text('chunker') ?? chunker)) {
    throw storageError('Unsupported', `${made}: its chunker is ${chunker}`)
  }
  if ((given.flag('raw-leaves') ?? rawLeaves) !== rawLeaves) {
    throw storageError('Unsupported', `${made}: its leaves are ${rawLeaves ? 'raw' : 'not raw'}`)
  }
  if ((given.text('hash') ?? 'sha2-256') !== 'sha2-256') throw storageError('Unsupported', `${made}, with sha2-256`)
  for (const name of ['trickle', 'inline', 'nocopy', 'fscache', 'preserve-mode', 'preserve-mtime']) {
    if (given.flag(name) === true) throw storageError('Unsupported', `\`${name}\` is not served here`)
  }
  const onlyHash = given.flag('only-hash') ?? false
  const pin = given.flag('pin') ?? true
  return {
    profile,
    pin: pin && !onlyHash,
    pinName: given.text('pin-name'),
    onlyHash,
    wrap: given.flag('wrap-with-directory') ?? false,
    progress: given.flag('progress') ?? false,
  }
}

/** Bytes of a file between two lines of progress. */
const progressBytes = 1 << 20

/** Adds the parts and tells of each, then of the directories that they make up. It ends when what is at the top is pinned. */
export async function* add(
  store: Store,
  parts: AsyncIterable<Part>,
  options: AddOptions,
  call: KuboCall,
): AsyncGenerator<string> {
  const { profile, pin, pinName, onlyHash, wrap, progress } = options
  const tree = addedTree(profile)
  const writer = writerOf(store, onlyHash, call)
  const pinned = new Set<string>()
  let any = false
  for await (const part of parts) {
    const kind = kindOf(part)
    const path = pathOf(part)
    any = true
    if (kind === 'directory') {
      tree.makeDirectory(path)
      continue
    }
    if (kind === 'link') {
      const { cid, dagSize } = await importSymlink(await targetOf(part), writer, { profile, signal: call.signal })
      // Content without a name goes by its CID.
      const name = path === '' ? cid : path
      tree.add(name, { cid, size: dagSize })
      yield told({ name, cid, size: dagSize })
      continue
    }
    const alone = !wrap && !path.includes('/')
    let file: Omit<Added, 'name'> | undefined
    const adding = async (told: ((bytes: number) => void) | undefined): Promise<void> => {
      file = onlyHash
        ? await hashed(sourceOf(part, told), profile, call)
        : await put(store, sourceOf(part, told), { profile, pin: pin && alone }, call)
    }
    if (progress) for await (const bytes of watched(adding)) yield line({ Name: path, Bytes: bytes })
    else await adding(undefined)
    if (file === undefined) throw storageError('Unexpected', 'nothing was added')
    if (pin && alone) pinned.add(file.cid)
    const name = path === '' ? file.cid : path
    tree.add(name, file)
    yield told({ name, ...file })
  }
  if (!any) throw refusal('InvalidConfig', 'the body has no file')
  for await (const directory of tree.directories(writer, wrap, call.signal)) yield told(directory)
  if (!pin) return
  for (const { cid } of tree.roots()) {
    if (pinned.has(cid) && pinName === undefined) continue
    await store.pins.add(cid, pinName === undefined ? {} : { name: pinName }, call)
  }
}

function told({ name, cid, size }: Added): string {
  return line({ Name: name, Hash: cid, Size: String(size) })
}

/** Mode and mtime, which clients send in the names of parts, count for Kubo with `preserve-mode` and `preserve-mtime` only. */
function kindOf({ contentType }: Part): 'file' | 'directory' | 'link' {
  if (contentType === 'application/symlink') return 'link'
  return contentType === 'application/x-directory' ? 'directory' : 'file'
}

/** @throws InvalidKey */
function pathOf({ filename = '' }: Part): string {
  let text: string
  try {
    text = decodeURIComponent(filename.replaceAll('+', '%20')).replace(/^\/+|\/+$/g, '')
  } catch {
    throw storageError('InvalidKey', 'the percent-encoding of a file name is none, or none of UTF-8')
  }
  if (text === '') return text
  const wrong = text.split('/').find((name) => ['', '.', '..'].includes(name) || name.includes('\0'))
  if (wrong !== undefined || text.length > 32_768)
    throw storageError('InvalidKey', 'a file name is none', { key: text.slice(0, 256) })
  return text
}

/** Longest target of a symbolic link, in bytes: what systems take at most. */
const targetMaxBytes = 4_096

async function targetOf({ body }: Part): Promise<string> {
  return new TextDecoder().decode(await collect(body, targetMaxBytes))
}

/** Taken once. */
function sourceOf({ body }: Part, told: ((bytes: number) => void) | undefined): Source {
  let opened = false
  async function* counted(): AsyncGenerator<Bytes> {
    for await (const chunk of body) {
      told?.(chunk.byteLength)
      yield ownBytes(chunk)
    }
  }
  return {
    open(from) {
      if (opened || from > 0) return null
      opened = true
      return counted()
    },
  }
}

async function put(
  store: Store,
  source: Source,
  options: { readonly profile: Profile; readonly pin: boolean },
  call: CallOptions,
): Promise<Omit<Added, 'name'>> {
  const { cid, size } = await store.content.put(source, options, call)
  if (cid === undefined) throw storageError('Unsupported', 'the store tells no CIDs')
  if (parseCid(cid).codec === codecs.raw && size !== undefined) return { cid, size }
  const root = await store.blocks.get(cid, call)
  return { cid, size: root.byteLength + below(decodeNode(cid, root)) }
}

/** Bytes of all that a node of dag-pb links to, as it says itself. */
function below(node: unknown): number {
  const links: unknown = Reflect.get(Object(node), 'Links')
  if (!Array.isArray(links)) return 0
  return links.reduce((sum: number, link: unknown) => sum + Number(Reflect.get(Object(link), 'Tsize') ?? 0), 0)
}

async function hashed(
  source: Source,
  profile: Profile,
  { signal }: { readonly signal: AbortSignal },
): Promise<Omit<Added, 'name'>> {
  const { cid, dagSize } = await importFile(source, nowhere, { profile, signal })
  return { cid, size: dagSize }
}

const nowhere: BlockWriter = { put: () => undefined }

function writerOf(store: Store, onlyHash: boolean, call: CallOptions): BlockWriter {
  return onlyHash ? nowhere : { put: (cid, bytes) => store.blocks.put(cid, bytes, call) }
}

/** How many bytes have passed, now and then while the work goes on. */
async function* watched(work: (told: (bytes: number) => void) => Promise<void>): AsyncGenerator<number> {
  let bytes = 0
  let shown = 0
  let due = Promise.withResolvers<'due'>()
  const working = work((count) => {
    bytes += count
    if (bytes - shown >= progressBytes) due.resolve('due')
  }).then(() => 'done' as const)
  // Thrown below, where somebody still listens.
  working.catch(() => undefined)
  for (;;) {
    const step = await Promise.race([due.promise, working])
    due = Promise.withResolvers()
    if (bytes > shown) {
      shown = bytes
      yield shown
    }
    if (step === 'done') return
  }
}
