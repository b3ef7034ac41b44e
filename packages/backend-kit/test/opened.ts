import type { Backend, Context } from '@kit/core'
import { plugin, type KitOptions } from '../src/index.ts'

/** The backend without core around it. */
export async function openedBackend(options: KitOptions): Promise<Backend> {
  return plugin.open(
    { plainHttp: false, ...options },
    { name: 'remote', over: [], secret: async (value) => (typeof value === 'function' ? value() : value) },
  )
}

export function contextOf(signal: AbortSignal = new AbortController().signal): Context {
  return { signal, requestId: 'test', attempt: 1, log: () => {} }
}
