import { printable } from '../printable.ts'

/** Rows as lines, each column as wide as its widest cell; nothing is cut off. `numeric` columns stand to the right. */
export function columns(rows: readonly (readonly string[])[], numeric: readonly number[] = []): string {
  const shown = rows.map((row) => row.map(printable))
  const widths: number[] = []
  for (const row of shown) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length)
  }
  const pad = (cell: string, index: number): string =>
    numeric.includes(index) ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)
  return shown.map((row) => `${row.map(pad).join('  ').trimEnd()}\n`).join('')
}
