import { effectiveCapabilities, errorCode, storageError, type Capabilities } from '@kit/core'
import type { Kit, StoreDescription } from '@kit/manager'
import type { CommandResult } from '../outcome.ts'
import type { Globals, Session } from '../session.ts'
import { capabilityFacts, capabilityRows } from '../setup/capability-rows.ts'
import { columns } from '../setup/columns.ts'
import { changeConfig, openConfigured } from '../configured-kit.ts'
import { reasonOf } from '../setup/finding.ts'
import { testAloud } from '../setup/test-lines.ts'

export interface StoreTestWords {
  readonly probe?: boolean
  /** false with `--no-write`. */
  readonly write: boolean
}

/** Lists the stores of the configuration. Runs no code of plugins. */
export async function storeLs({ output }: Session, globals: Globals): Promise<CommandResult> {
  await using kit = await openConfigured(globals)
  const stores = await Promise.all(kit.stores.map(({ name }) => kit.describe(name)))
  if (!output.json) {
    const rows = stores.map((store) => [store.name ?? '', store.type, summary(store)])
    await output.write(columns(rows))
    if (rows.length === 0) output.tell(`no stores are configured in ${kit.path}; \`kit store add\` adds one\n`)
  }
  return {
    fields: {
      path: kit.path,
      stores: stores.map(({ name, type, line, package: from, version, missing, over }) => ({
        name,
        type,
        line,
        package: from,
        version,
        missing,
        over: over.map((inner) => inner.name ?? inner.type),
      })),
    },
  }
}

/** The options in short; what wraps another tells that. */
function summary({ missing, options, over }: StoreDescription): string {
  if (missing !== undefined) return `(${missing})`
  const own = Object.entries(options).map(([name, value]) => `${name}=${textOf(value)}`)
  const inner = over.map((store) => store.name ?? store.type).join(', ')
  return [...(inner === '' ? [] : [`over ${inner}`]), ...own].join(' ')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Tells all about one store: options, secrets as references, and what it can do. Opens no connection. */
export async function storeInfo({ output }: Session, globals: Globals, name: string): Promise<CommandResult> {
  await using kit = await openConfigured(globals)
  const store = await kit.describe(name)
  const { capabilities, problem } = await lookAt(kit, name, store)
  const dropped = droppedOf(store)
  if (!output.json) await output.write(describe(kit.path, { ...store, missing: problem }, capabilities, dropped))
  const rows = capabilities === undefined ? [] : capabilityRows(capabilities)
  const named = (how: string): readonly string[] => rows.flatMap((row) => (row.how === how ? [row.name] : []))
  return {
    fields: {
      store: name,
      path: kit.path,
      ...store,
      problem,
      capabilities,
      emulated: named('emulated'),
      absent: named('no'),
      dropped,
    },
  }
}

interface Looked {
  readonly capabilities?: Capabilities | undefined
  /** Why it cannot be opened here; the capabilities are then the most that its type can do. */
  readonly problem?: string | undefined
}

/** What it can do as its options have it, where it can be opened. */
async function lookAt(kit: Kit, name: string, { missing, capabilities }: StoreDescription): Promise<Looked> {
  const most = capabilities && effectiveCapabilities(capabilities)
  if (missing !== undefined) return { capabilities: most, problem: missing }
  try {
    return { capabilities: (await kit.store(name)).capabilities }
  } catch (error) {
    if (errorCode(error) !== 'InvalidConfig') throw error
    return { capabilities: most, problem: reasonOf(error) }
  }
}

/** Attributes that the configuration lets go where the store cannot keep them. */
function droppedOf({ options }: StoreDescription): readonly string[] {
  const { onUnsupported } = options
  return typeof onUnsupported === 'object' && onUnsupported !== null ? Object.keys(onUnsupported) : []
}

function describe(
  path: string,
  store: StoreDescription,
  capabilities: Capabilities | undefined,
  dropped: readonly string[],
): string {
  const from = store.package === undefined ? 'built in' : `${store.package} ${store.version ?? ''}`
  const head = columns([
    ['store', store.name ?? ''],
    ['type', `${store.type} (${store.missing ?? from.trim()})`],
    ['configured in', `${path}:${store.line}`],
    ...store.over.map((inner, index) => [index === 0 ? 'over' : '', inner.name ?? inner.type]),
    ...Object.entries(store.options).map(([option, value]) => [option, textOf(value)]),
    ...(dropped.length === 0 ? [] : [['dropped where it cannot be kept', dropped.join(', ')]]),
  ])
  if (capabilities === undefined) return head
  const facts = columns(capabilityFacts(capabilities).map(([fact, text]) => [fact, text]))
  const table = columns(capabilityRows(capabilities).map((row) => [row.name, row.how === 'no' ? '-' : row.how]))
  return `${head}\n${facts}\n${table}`
}

/** Tries a store on the live server and takes the time of each step. */
export async function storeTest(
  session: Session,
  globals: Globals,
  name: string,
  { probe = false, write }: StoreTestWords,
): Promise<CommandResult> {
  await using kit = await openConfigured(globals)
  const { fields, failure } = await testAloud(session, kit, name, { write, probe })
  return { fields: { store: name, ...fields }, failures: failure === undefined ? [] : [failure] }
}

/** Takes stores out of the configuration; what is in them stays where it is. */
export async function storeRm(session: Session, globals: Globals, names: readonly string[]): Promise<CommandResult> {
  if (new Set(names).size < names.length) throw storageError('InvalidConfig', 'a store is named twice')
  const path = await changeConfig(globals, session, async (kit) => {
    for (const name of names) await kit.remove(name)
  })
  if (!session.output.json) await session.output.write(names.map((name) => `removed ${name} from ${path}\n`).join(''))
  return { fields: { removed: names, path } }
}
