// The most memory that a program held, measured in a process of its own.
import { spawn } from 'node:child_process'
import { Readable, type Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const preload = new URL('./report-peak.ts', import.meta.url)

/**
 * Runs a module in a new process and gives its peak resident memory in MB (10^6 bytes). What it prints is dropped, unless it fails. A Node
 * process that does nothing takes about 45 MB: measure an empty module too where the difference is what counts.
 */
export async function peakMemory(module: URL, moduleArguments: readonly string[] = []): Promise<number> {
  const child = spawn(
    process.execPath,
    ['--conditions=@kit/source', `--import=${preload.href}`, fileURLToPath(module), ...moduleArguments],
    { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
  )
  const stop = (): void => void child.kill()
  process.on('exit', stop)
  const [code, printed, complaint, peak] = await Promise.all([
    new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve)),
    ...child.stdio.slice(1).map((stream) => textOf(stream)),
  ])
  process.off('exit', stop)
  if (code === 0 && peak) return Number(peak) / 1e6
  throw new Error(`${module.href} ended with ${code}\n${printed}${complaint}`)
}

async function textOf(stream: Readable | Writable | null | undefined): Promise<string> {
  return stream instanceof Readable ? text(stream) : ''
}
