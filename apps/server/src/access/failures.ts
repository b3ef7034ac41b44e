/** Failed authentications by address, so that nobody tries tokens at speed. */
import { isIPv6 } from 'node:net'

export interface Failures {
  /** How long the address has had too many of them, and still has to wait, in ms; undefined where it has not. */
  waitMs(address: string): number | undefined
  add(address: string): void
}

/** Addresses that are remembered; beyond that the longest known is forgotten. */
const addressesMax = 10_000
const windowMs = 60_000

/** At most so many in a minute; 0 for any number. */
export function failures(most: number, now: () => number = Date.now): Failures {
  const known = new Map<string, { count: number; until: number }>()
  const currentOf = (address: string): { count: number; until: number } | undefined => {
    const found = known.get(networkOf(address))
    return found !== undefined && found.until > now() ? found : undefined
  }
  return {
    waitMs(address) {
      if (most === 0 || known.size === 0) return undefined
      const found = currentOf(address)
      return found !== undefined && found.count >= most ? found.until - now() : undefined
    },
    add(address) {
      if (most === 0) return
      const found = currentOf(address)
      if (found !== undefined) {
        found.count++
        return
      }
      const network = networkOf(address)
      known.delete(network)
      known.set(network, { count: 1, until: now() + windowMs })
      const oldest = known.size > addressesMax ? known.keys().next().value : undefined
      if (oldest !== undefined) known.delete(oldest)
    },
  }
}

/** Who has one IPv6 address has all of its /64. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address
  const [head = '', tail] = address.split('::', 2)
  const groups = head.split(':').filter(Boolean)
  const after = (tail ?? '').split(':').filter(Boolean)
  const zeroes = tail === undefined ? 0 : 8 - groups.length - after.length
  const all = [...groups, ...Array.from({ length: Math.max(0, zeroes) }, () => '0'), ...after]
  return all.slice(0, 4).join(':')
}
