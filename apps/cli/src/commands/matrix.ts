import { effectiveCapabilities, type Capabilities } from '@kit/core'
import type { Kit } from '@kit/manager'
import type { CommandResult } from '../outcome.ts'
import type { Globals, Session } from '../session.ts'
import { capabilityRows } from '../setup/capability-rows.ts'
import { columns } from '../setup/columns.ts'
import { openConfigured } from '../configured-kit.ts'

export interface MatrixOptions {
  readonly stores?: boolean
}

interface Column {
  readonly name: string
  readonly type: string
  readonly capabilities: Capabilities
}

/** Shows what each type can do at most, or what each configured store can. Types are told by their manifests: no code of theirs runs. */
export async function matrix(
  { output }: Session,
  globals: Globals,
  { stores = false }: MatrixOptions,
): Promise<CommandResult> {
  await using kit = await openConfigured(globals)
  const failures: unknown[] = []
  const found = stores ? await storeColumns(kit, failures) : await typeColumns(kit)
  if (!output.json) await output.write(table(found))
  return {
    fields: {
      of: stores ? 'stores' : 'types',
      columns: found.map(({ name, type, capabilities }) => ({
        name,
        type,
        can: Object.fromEntries(capabilityRows(capabilities).map((row) => [row.name, row.how])),
      })),
    },
    failures,
    partly: found.length > 0,
  }
}

async function typeColumns(kit: Kit): Promise<readonly Column[]> {
  const plugins = await kit.plugins()
  return plugins.map(({ manifest, package: from }) => {
    const several = plugins.filter((other) => other.manifest.type === manifest.type).length > 1
    const name = several && from !== undefined ? `${manifest.type} (${from})` : manifest.type
    return { name, type: manifest.type, capabilities: effectiveCapabilities(manifest.capabilities) }
  })
}

async function storeColumns(kit: Kit, failures: unknown[]): Promise<readonly Column[]> {
  const found: Column[] = []
  for (const { name, type } of kit.stores) {
    try {
      found.push({ name, type, capabilities: (await kit.store(name)).capabilities })
    } catch (error) {
      failures.push(error)
    }
  }
  return found
}

const widthWithoutTerminal = 200

/** As many columns side by side as the terminal has room for, then the next ones below. */
function table(all: readonly Column[]): string {
  const room = process.stdout.isTTY ? process.stdout.columns : widthWithoutTerminal
  const blocks: Column[][] = []
  let width = Infinity
  for (const column of all) {
    const own = Math.max(column.name.length, 'emulated'.length) + 2
    if (width + own > room) {
      blocks.push([])
      width = 'write.unknownSize'.length
    }
    blocks.at(-1)?.push(column)
    width += own
  }
  return blocks.map(blockText).join('\n')
}

function blockText(block: readonly Column[]): string {
  const cells = block.map(({ capabilities }) => capabilityRows(capabilities))
  const names = cells[0]?.map(({ name }) => name) ?? []
  const rows = names.map((name, row) => [name, ...cells.map((column) => shown(column[row]?.how))])
  return columns([['', ...block.map(({ name }) => name)], ...rows])
}

function shown(how: string | undefined): string {
  return how === undefined || how === 'no' ? '-' : how
}
