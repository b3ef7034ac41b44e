import type { StoreEntry } from '@kit/core'
import type { CommandResult } from '../outcome.ts'
import { printable } from '../output.ts'
import type { Session } from '../session.ts'

/** Tells all that the store knows about one object; a link is not followed. */
export async function stat(session: Session, target: string): Promise<CommandResult> {
  const { output, call } = session
  const { store, key, addressOf } = await session.place(target, { itself: true })
  const entry = await store.stat(key, { ...call, implied: true })
  const address = addressOf(entry.key)
  if (!output.json) await output.write(describe({ address, ...entry }))
  return { fields: { address, entry } }
}

function describe(entry: StoreEntry & { readonly address: string }): string {
  const fields = Object.entries(entry).filter(([, value]) => value !== undefined)
  const width = Math.max(...fields.map(([name]) => name.length))
  return fields.map(([name, value]) => `${name.padEnd(width)}  ${printable(textOf(name, value))}\n`).join('')
}

function textOf(name: string, value: unknown): string {
  if (name === 'mode' && typeof value === 'number') return value.toString(8).padStart(4, '0')
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'string' ? value : JSON.stringify(value)
}
