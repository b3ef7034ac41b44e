import { builtInPlugins } from '../configured-kit.ts'
import { exitCodes } from '../exit-codes.ts'
import { usageFailure } from '../outcome.ts'
import type { Globals } from '../session.ts'

/** Options of `kit serve` as commander gives them, by their long names. */
export type ServeWords = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** Starts the server with these words, and gives its exit code when it has stopped. Signals are the server's. */
export async function serveStores(globals: Globals, options: ServeWords): Promise<number> {
  if (globals.json === true) {
    const failure = usageFailure(
      'serve has no result to tell as JSON; its log is JSON on standard error, see --log-level',
    )
    process.stdout.write(`${JSON.stringify(failure)}\n`)
    return exitCodes.usage.code
  }
  const [{ serve }, builtIn] = await Promise.all([import('@kit/server'), builtInPlugins()])
  const config = globals.config ?? (process.env['KIT_CONFIG'] || undefined)
  const words = Object.entries({ ...options, config }).flatMap(([name, value]) => wordsOf(name, value))
  return serve(words, process.env, { command: 'kit serve', builtIn })
}

function wordsOf(name: string, value: ServeWords[string]): readonly string[] {
  const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  if (value === undefined || value === false) return []
  if (value === true) return [flag]
  // One word each: a value may begin with a dash.
  return (typeof value === 'string' ? [value] : value).map((one) => `${flag}=${one}`)
}
