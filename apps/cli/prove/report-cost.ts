// Loaded before a program whose cost is measured: at its end it writes what it took to file descriptor 3.
import { readFileSync, writeSync } from 'node:fs'

export interface Cost {
  /** The most memory that it held. */
  readonly peakBytes: number
  /** Bytes that it read and wrote by system calls, whatever the kernel had of them. */
  readonly readBytes: number
  readonly writtenBytes: number
}

process.on('exit', () => {
  const status = readFileSync('/proc/self/status', 'utf8')
  const io = readFileSync('/proc/self/io', 'utf8')
  const cost: Cost = {
    peakBytes: Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024,
    readBytes: Number(/^rchar: (\d+)$/m.exec(io)?.[1]),
    writtenBytes: Number(/^wchar: (\d+)$/m.exec(io)?.[1]),
  }
  writeSync(3, JSON.stringify(cost))
})
