import { abortError } from '@kit/core'

/** Turns by name: whoever comes while another has the name waits until that one leaves. */
export interface Queue {
  /** Undefined: it is your turn already, nothing to wait for. */
  enter(name: string, signal: AbortSignal): Promise<void> | undefined
  /** Takes a name that is free. */
  take(name: string): void
  leave(name: string): void
  /** Whether nobody has it. */
  isFree(name: string): boolean
}

export function createQueue(): Queue {
  const waiting = new Map<string, (() => void)[]>()
  return {
    enter(name, signal) {
      const others = waiting.get(name)
      if (others === undefined) {
        waiting.set(name, [])
        return undefined
      }
      return new Promise((resolve, reject) => {
        const turn = (): void => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        }
        const onAbort = (): void => {
          others.splice(others.indexOf(turn), 1)
          reject(abortError(signal))
        }
        if (signal.aborted) {
          reject(abortError(signal))
          return
        }
        signal.addEventListener('abort', onAbort, { once: true })
        others.push(turn)
      })
    },
    take: (name) => void waiting.set(name, []),
    isFree: (name) => !waiting.has(name),
    leave(name) {
      const next = waiting.get(name)?.shift()
      if (next === undefined) waiting.delete(name)
      else next()
    },
  }
}
