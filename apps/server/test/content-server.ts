import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { content } from '@kit/backend-content'
import { openStore } from '@kit/core'
import type { ServerOptions } from '@kit/server'
import { onTestFinished } from 'vitest'
import { serveStore, type Served } from './serve.ts'

/** A server on a free port over one empty content store called `files`, until the test ends. */
export async function serveContent(options: Partial<ServerOptions> = {}): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'kit-server-content-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return serveStore(await openStore(content({ path: folder, durable: 'process' }), { name: 'files' }), options)
}
