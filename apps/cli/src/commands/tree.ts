import type { Filter } from '@kit/core/transfer'
import { keyName, type Key, type StoreEntry } from '@kit/core'
import type { FilterFlags } from '../declare-options.ts'
import type { CommandResult } from '../outcome.ts'
import { printable } from '../printable.ts'
import { bytesText, countText, parseCount } from '../quantities.ts'
import { readFilter } from '../read-filter.ts'
import type { Place, Session } from '../session.ts'
import { nameIn, walk } from '../walk.ts'

export interface TreeOptions extends FilterFlags {
  readonly depth?: string
  readonly directories?: boolean
  readonly human?: boolean
}

interface Node {
  readonly entry: StoreEntry
  /** What is in a directory. */
  readonly below?: Peekable<Node> | undefined
}

/**
 * Draws what is below a directory. Listed level by level while it is drawn: only what is open is held.
 * @throws NotFound, exit code 3, where the store has real directories and nothing is there
 */
export async function tree(session: Session, target: string, options: TreeOptions): Promise<CommandResult> {
  const depth = options.depth === undefined ? Number.POSITIVE_INFINITY : parseCount('--depth', options.depth)
  const filter = await readFilter(options)
  const place = await session.place(target)
  const counted = { directories: 0, files: 0, bytes: 0 }
  const { output } = session

  const draw = async (nodes: Peekable<Node>, prefix: string): Promise<void> => {
    try {
      for (let node = await nodes.next(); node !== undefined; node = await nodes.next()) {
        const { entry, below } = node
        try {
          const last = (await nodes.peek()) === undefined
          if (entry.kind === 'directory') counted.directories++
          else counted.files++
          counted.bytes += entry.kind === 'file' ? (entry.size ?? 0) : 0
          if (output.json) await output.lines([{ type: 'entry', address: place.addressOf(entry.key), ...entry }])
          else await output.write(`${prefix}${last ? '└── ' : '├── '}${label(entry, options.human === true)}\n`)
          if (below !== undefined) await draw(below, `${prefix}${last ? '    ' : '│   '}`)
        } finally {
          await below?.close()
        }
      }
    } finally {
      await nodes.close()
    }
  }

  const nodes = peekable(
    nodesOf(session, place, place.key, { depth, filter, files: options.directories !== true, mustExist: true }),
  )
  // Nothing is drawn of what is not there.
  await nodes.peek()
  if (!output.json) await output.write(`${printable(place.addressOf(place.key))}\n`)
  await draw(nodes, '')
  if (!output.json) {
    const directories = countText(counted.directories, 'directory', 'directories')
    await output.write(`\n${directories}, ${countText(counted.files, 'file')}, ${bytesText(counted.bytes)}\n`)
  }
  return { fields: counted }
}

interface NodeOptions {
  readonly depth: number
  readonly filter: Filter | undefined
  readonly files: boolean
  /** Of what is listed below it may be gone again. */
  readonly mustExist: boolean
}

/** With a filter, a directory is drawn where it is meant itself or something below it is. */
async function* nodesOf(session: Session, place: Place, key: Key, options: NodeOptions): AsyncGenerator<Node> {
  const { depth, filter, files, mustExist } = options
  for await (const page of walk(session, { ...place, key }, { ordered: true, mustExist })) {
    for (const entry of page) {
      const meant = filter?.admits(nameIn(place.key, entry), entry) !== false
      if (entry.kind !== 'directory') {
        if (meant && files) yield { entry }
        continue
      }
      const deeper = depth > 1 && entry.key !== key
      const inner = { ...options, depth: depth - 1, mustExist: false }
      const below = deeper ? peekable(nodesOf(session, place, entry.key, inner)) : undefined
      if (meant || (await below?.peek()) !== undefined) yield { entry, below }
    }
  }
}

function label(entry: StoreEntry, human: boolean): string {
  const name = printable(keyName(entry.key))
  if (entry.kind === 'directory') return `${name}/`
  if (entry.kind === 'link') return `${name} -> ${printable(entry.target ?? '?')}`
  return human && entry.size !== undefined ? `${name}  (${bytesText(entry.size)})` : name
}

interface Peekable<Item> {
  /** The next without taking it. */
  peek(): Promise<Item | undefined>
  next(): Promise<Item | undefined>
  close(): Promise<void>
}

function peekable<Item>(items: AsyncGenerator<Item>): Peekable<Item> {
  let ahead: Promise<IteratorResult<Item>> | undefined
  const pull = (): Promise<IteratorResult<Item>> => (ahead ??= items.next())
  const valueOf = (result: IteratorResult<Item>): Item | undefined => (result.done === true ? undefined : result.value)
  return {
    peek: async () => valueOf(await pull()),
    async next() {
      const result = await pull()
      ahead = undefined
      return valueOf(result)
    },
    async close() {
      await items.return(undefined)
    },
  }
}
