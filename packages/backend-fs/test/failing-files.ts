import { localFiles, type FileLayer } from '../src/fs-client.ts'

export interface FailingFiles {
  readonly files: FileLayer
  /** How many operations there were. */
  count(): number
  /** What failed. */
  failed(): string | undefined
}

/** The real files, of which one operation, the n-th from 1, fails with an error of the system. */
export function failingFiles(n: number, code: string): FailingFiles {
  let count = 0
  let failed: string | undefined
  const fails = (name: string): boolean => {
    if (++count !== n) return false
    failed = name
    return true
  }
  const error = (): Error => Object.assign(new Error(`${code}: made up`), { code, errno: -5 })
  type Work<Result> = (...given: never[]) => Result
  const { now, ...later } = localFiles
  const failingLater = Object.entries(later).map(([name, work]: [string, Work<Promise<unknown>>]) => [
    name,
    async (...given: never[]) => {
      const failing = fails(name)
      // A descriptor is gone also where closing it fails.
      if (failing && name === 'close') await work(...given)
      if (failing) throw error()
      return work(...given)
    },
  ])
  const failingNow = Object.entries(now).map(([name, work]: [string, Work<unknown>]) => [
    name,
    (...given: never[]) => {
      const failing = fails(`${name} in the thread`)
      if (failing && name === 'close') work(...given)
      if (failing) throw error()
      return work(...given)
    },
  ])
  const files: FileLayer = { ...Object.fromEntries(failingLater), now: Object.fromEntries(failingNow) }
  return { files, count: () => count, failed: () => failed }
}
