// The command line as it is shipped: built, and started by Node without the conditions and options of this run.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const cli = join(import.meta.dirname, '../apps/cli')

let building: Promise<string> | undefined

/** Path of the built `kit`, made once for a run. */
export function builtKit(): Promise<string> {
  return (building ??= build())
}

async function build(): Promise<string> {
  await run('pnpm', ['run', 'build'], { cwd: cli })
  const { bin }: { readonly bin: { readonly kit: string } } = JSON.parse(
    readFileSync(join(cli, 'package.json'), 'utf8'),
  )
  return join(cli, bin.kit)
}

/** Runs a program to its end, in a folder and with a home of its own, and gives its standard output; throws what it said where it failed. */
export async function runProgram(program: string, args: readonly string[], home: string): Promise<string> {
  const { PATH = '' } = process.env
  const env = { PATH, HOME: home, KIT_HOME: join(home, '.kit'), NO_COLOR: '1' }
  const { stdout } = await run(program, args, { cwd: home, env, maxBuffer: 2 ** 28 })
  return stdout
}

export async function runKit(args: readonly string[], home: string): Promise<string> {
  return runProgram(process.execPath, [await builtKit(), ...args], home)
}
