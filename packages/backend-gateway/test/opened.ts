import { openStore, type Store } from '@kit/core'
import { plugin, type GatewayOptions } from '../src/index.ts'

/** A store that tries once: what one call does is seen as it is. */
export async function opened(endpoints: readonly string[], options: GatewayOptions = {}): Promise<Store> {
  return await openStore(plugin({ endpoints, timeout: 1500, ...options, layers: { retry: false } }))
}

/** Resolves when a condition holds; rejects when it never does. */
export async function eventually(holds: () => boolean, ms = 5000): Promise<void> {
  const end = performance.now() + ms
  while (!holds()) {
    if (performance.now() > end) throw new Error('it never came to that')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
