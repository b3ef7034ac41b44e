import { memory } from '@kit/backend-memory'
import { openStore, type Store } from '@kit/core'
import { createServer, type ServerOptions } from '@kit/server'
import { onTestFinished } from 'vitest'

export interface Served {
  readonly url: string
  /** The stores `files` and `backup`. */
  readonly files: Store
  readonly backup: Store
  /** Breaks every connection that is open. */
  breakConnections(): void
}

/** A server on a free port over two empty stores in memory, until the test ends. */
export async function served(options: Partial<ServerOptions> = {}): Promise<Served> {
  const [files, backup] = [
    await openStore(memory({}), { name: 'files' }),
    await openStore(memory({}), { name: 'backup' }),
  ]
  const stores: ServerOptions['stores'] = {
    names: () => ['files', 'backup'],
    get: async (name) => (name === 'files' ? files : backup),
  }
  const app = createServer({ stores, ...options })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    app.server.closeAllConnections()
    await app.close()
    await files.close()
    await backup.close()
  })
  return { url, files, backup, breakConnections: () => app.server.closeAllConnections() }
}
