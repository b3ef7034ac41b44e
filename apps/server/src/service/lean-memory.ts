import { setFlagsFromString } from 'node:v8'

/**
 * Has V8 collect sooner than it would by itself, for a process that is a server and nothing else: it would let the garbage of a few hundred
 * transfers at once grow to several times what they hold. Measured: 200 downloads at once peak at 165 instead of 305 MiB, and small requests cost
 * about a tenth more.
 */
export function leanMemory(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=50')
}
