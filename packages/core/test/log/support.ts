import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogOptions, LogReader, Position } from '../../src/log/index.ts'
import { afterEach } from 'vitest'

const made: string[] = []
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
})

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kit-log-'))
  made.push(folder)
  return folder
}

export function optionsIn(folder: string, more: Partial<LogOptions> = {}): LogOptions {
  return { folder: join(folder, 'log'), format: 'test', version: 1, ...more }
}

export async function textsIn(log: LogReader, after?: Position): Promise<string[]> {
  const texts: string[] = []
  for await (const records of log.replay(after))
    for (const { bytes } of records) texts.push(Buffer.from(bytes).toString())
  return texts
}

export const bytesOf = (text: string): Buffer => Buffer.from(text)

export async function stateIn(log: LogReader): Promise<string | undefined> {
  if (log.snapshot === undefined) return undefined
  const pieces: string[] = []
  for await (const piece of log.snapshot.read()) pieces.push(Buffer.from(piece).toString())
  return pieces.join('')
}

export const filesIn = (options: LogOptions): string[] =>
  readdirSync(options.folder).toSorted((a, b) => (a < b ? -1 : 1))

export const beginning: Position = { segment: 0, offset: 0 }
