import { randomUUID } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { keyName } from '@kit/core'
import { parseAddress } from '../address.ts'
import { standardOutput } from '../output.ts'
import { openSession, type Globals } from '../session.ts'
import { openConfigured } from '../configured-kit.ts'
import type { Candidate, WordKind } from './candidates.ts'

/** How long a store may take: nobody waits longer for a key. What has come by then is shown. */
const storeMs = 1_000
/** More than nobody looks through. */
const shownMax = 500

/** Candidates from the configuration, from stores and from the local files. Whatever fails or takes too long gives none. */
export async function outsideCandidates(
  kind: WordKind,
  typed: string,
  globals: Globals,
): Promise<readonly Candidate[]> {
  const quiet = async (search: Promise<readonly Candidate[]>): Promise<readonly Candidate[]> => search.catch(() => [])
  switch (kind) {
    case 'file':
      return quiet(localFiles(typed))
    case 'store':
      return quiet(storeNames(globals, ''))
    case 'type':
      return quiet(types(globals))
    case 'place': {
      const address = parseAddress(typed === '' ? '.' : typed)
      if (address.kind !== 'local' && address.kind !== 'stream') return quiet(objects(typed, globals))
      // A path is none of a store's name once it has a slash.
      const stores = /[\\/]/.test(typed) ? [] : await quiet(storeNames(globals, ':'))
      return [...stores, ...(await quiet(localFiles(typed)))]
    }
  }
}

async function storeNames(globals: Globals, after: string): Promise<readonly Candidate[]> {
  await using kit = await openConfigured(globals)
  return kit.stores.map(({ name, type }) => ({ value: `${name}${after}`, description: `store of type ${type}` }))
}

async function types(globals: Globals): Promise<readonly Candidate[]> {
  await using kit = await openConfigured(globals, { create: true })
  const plugins = await kit.plugins()
  return [...new Set(plugins.map(({ manifest }) => manifest.type))].map((value) => ({ value }))
}

/** One level of a store: what is in the directory that has been typed so far. */
async function objects(typed: string, globals: Globals): Promise<readonly Candidate[]> {
  const cut = Math.max(typed.lastIndexOf('/'), typed.indexOf(':')) + 1
  const [directory, part] = [typed.slice(0, cut), typed.slice(cut)]
  const signal = AbortSignal.timeout(storeMs)
  const session = openSession(globals, standardOutput({ json: false, quiet: true }, signal), signal, randomUUID())
  const found: Candidate[] = []
  const { store, key } = await session.place(directory)
  try {
    for await (const entry of store.list(key, { signal })) {
      const name = keyName(entry.key)
      if (!name.startsWith(part) || !isShowable(name)) continue
      found.push({ value: `${directory}${name}${entry.kind === 'directory' ? '/' : ''}` })
      if (found.length === shownMax) break
    }
  } catch {
    // What came in time is shown.
  }
  return found
}

async function localFiles(typed: string): Promise<readonly Candidate[]> {
  const cut = typed.lastIndexOf('/') + 1
  const [folder, part] = [typed.slice(0, cut), typed.slice(cut)]
  const path = folder.startsWith('~/') ? join(homedir(), folder.slice(2)) : folder === '' ? '.' : folder
  const entries = await readdir(path, { withFileTypes: true })
  const matching = entries
    .filter(({ name }) => name.startsWith(part) && isShowable(name) && (part.startsWith('.') || !name.startsWith('.')))
    .slice(0, shownMax)
  return Promise.all(
    matching.map(async (entry) => {
      const directory = entry.isDirectory() || (entry.isSymbolicLink() && (await leadsToFolder(join(path, entry.name))))
      // What looks like the address of a store is none with its folder before it.
      const name = folder === '' && entry.name.includes(':') ? `./${entry.name}` : `${folder}${entry.name}`
      return { value: directory ? `${name}/` : name }
    }),
  )
}

async function leadsToFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/** A name that is one line without a tab, and shows as it is: others cannot be given to a shell's completion. */
function isShowable(name: string): boolean {
  return !/[\p{Cc}\p{Cs}\u200E\u200F\u202A-\u202E\u2066-\u2069]/u.test(name)
}
