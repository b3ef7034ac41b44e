import { spawn } from 'node:child_process'

export interface RunOptions {
  readonly cwd?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Written to the program's standard input, which is closed after it. */
  readonly input?: string | undefined
}

/** Runs a program to its end and gives its standard output; rejects with what it said when it fails or is not there. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, ...options.env } })
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-8192)))
    // A program that ends before it reads its input is judged by its exit code.
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
    child.on('error', (cause) => reject(new Error(`${program} could not be started: ${cause.message}`, { cause })))
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output)
      else
        reject(new Error(`${program} ${args.join(' ')} ended with ${code ?? signal}\n${errors}${output.slice(-2048)}`))
    })
  })
}
