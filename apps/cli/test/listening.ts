import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import type { Running } from './kit-command.ts'

/** Where a server that has just been started listens; it ends with the test. */
export async function addressOf({ child, ended }: Running): Promise<string> {
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let said = ''
  for (;;) {
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
    said += chunk.toString()
    const url = /listening on (\S+)/.exec(said)?.[1]
    if (url !== undefined) return url
  }
}
