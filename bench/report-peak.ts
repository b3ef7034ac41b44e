// Loaded before a program whose memory is measured: at its end it writes the peak, in bytes, to file descriptor 3.
import { existsSync, readFileSync, writeSync } from 'node:fs'

process.on('exit', () => writeSync(3, String(peakBytes())))

function peakBytes(): number {
  // Of this program alone. The maximum that the operating system keeps for a process begins with that of its parent.
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : ''
  const highWater = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]
  return (highWater ? Number(highWater) : process.resourceUsage().maxRSS) * 1024
}
