import { createRequire } from 'node:module'

/** Of this package. */
export const version: string = ownVersion()

function ownVersion(): string {
  // The same place seen from src and from dist.
  const own: unknown = createRequire(import.meta.url)('../package.json')
  return typeof own === 'object' && own !== null && 'version' in own ? String(own.version) : 'unknown'
}
