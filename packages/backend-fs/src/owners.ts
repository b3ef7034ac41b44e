/** Who a temporary or a lock belongs to, by its name: `HOST-PID-START`, and `.TOKEN` after it for one store of that process. */
import { hostName, processId, processStart } from './fs-client.ts'

const host = hostName.replaceAll(/[^A-Za-z0-9.]/g, '_') || 'host'
const form = /^(.+)-(\d+)-([0-9a-f_]+)(?:\.[a-z0-9]+)?$/

let own: string | undefined
export function ownerName(): string {
  own ??= `${host}-${processId}-${processStart(processId) ?? 0}`
  return own
}

/** `dead` only where that is certain: of other hosts, and of names that are none, nothing is known. */
export function ownerState(name: string): 'alive' | 'dead' | 'unknown' {
  const match = form.exec(name)
  if (match === null || match[1] !== host) return 'unknown'
  const start = processStart(Number(match[2]))
  if (start === 'none') return 'dead'
  // Where the system tells no start, a process of that number is taken to be the same.
  return start === undefined || match[3] === '0' || match[3] === start ? 'alive' : 'dead'
}
