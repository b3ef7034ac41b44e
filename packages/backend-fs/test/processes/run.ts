import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Starts one of the programs of this folder. */
export function start(program: string, ...args: string[]): ChildProcess {
  const path = new URL(`${program}.ts`, import.meta.url).pathname
  const flags = ['--conditions=@kit/source', '--disable-warning=ExperimentalWarning', path, ...args]
  return spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Runs it to its end and gives what it printed. */
export async function run(program: string, ...args: string[]): Promise<string> {
  const child = start(program, ...args)
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${program} ended with ${code}`)
  return text
}

export async function killed(child: ChildProcess, afterMs: number): Promise<void> {
  if (child.stdout !== null) await once(child.stdout, 'data')
  await new Promise((resolve) => {
    setTimeout(resolve, afterMs)
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
}
