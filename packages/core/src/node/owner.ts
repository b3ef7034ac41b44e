import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'

const host = hostname().replaceAll(/[^A-Za-z0-9.]/g, '_') || 'host'
const form = /^(.+)-(\d+)-([0-9a-f_]+)(?:\.[a-z0-9]+)?$/

let boot: string | undefined
/** The run of the system, where it has a name: processes of two may have the same number and start. */
export function currentBoot(): string | undefined {
  try {
    boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8)
    return boot
  } catch {
    return undefined
  }
}

/** Clock ticks since boot, and which boot. Undefined where the system does not tell, `none` where there is no such process. */
function processStart(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name of the program, in parentheses, may hold anything; the start is the 22nd field, the name the second.
    const ticks = text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
    const run = currentBoot()
    return ticks === undefined || run === undefined ? undefined : `${ticks}_${run}`
  } catch {
    try {
      process.kill(pid, 0)
      return undefined
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'ESRCH' ? 'none' : undefined
    }
  }
}

let own: string | undefined
/** Names this process for locks and temporaries on disk: `HOST-PID-START`. Others may add `.TOKEN` in lower-case letters and digits. */
export function ownerName(): string {
  own ??= `${host}-${process.pid}-${processStart(process.pid) ?? 0}`
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
