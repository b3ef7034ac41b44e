// The commands of the README, run from its text. `npm test` is what runs this; the toolchain that `npm start` fetches is here already.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '@kit/test-servers'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const { scripts }: { readonly scripts: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)
const toolchain = 'node scripts/toolchain.mjs '
const shell = promisify(execFile)

/** Each line of the shell blocks, without what is said about it. */
const commands = [...readme.matchAll(/^```sh\n([\s\S]*?)^```/gm)]
  .flatMap(([, block = '']) => block.trim().split('\n'))
  .map((line) => line.replace(/\s+#.*$/, ''))

describe('the commands of the README', () => {
  it('are two, and bring the toolchain', () => {
    expect(commands).toEqual(['npm start', 'npm test'])
    for (const name of ['start', 'test']) expect(scripts[name]).toContain(toolchain)
  })

  it('npm start serves a store and prints three commands, which work', { timeout: 3 * 60_000 }, async () => {
    await using folder = await temporaryFolder('readme')
    const KIT_CONFIG = join(folder.path, 'kit.yaml')
    await writeFile(KIT_CONFIG, 'stores:\n  files: { type: memory }\n')
    const start = scripts['start']?.replace(toolchain, '') ?? ''
    const child = spawn('sh', ['-c', start], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: '', PORT: '0', KIT_CONFIG },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    const ended = once(child, 'exit')
    let output = ''
    try {
      for await (const chunk of child.stdout) {
        output += String(chunk)
        if (output.includes('/objects\n')) break
      }
      const shown = output.split('\n').filter((line) => line.startsWith('  '))
      expect(shown, output).toHaveLength(3)
      const said: string[] = []
      for (const command of shown) said.push((await shell('sh', ['-c', command])).stdout)
      expect(said).toEqual([
        expect.stringContaining('"success":true'),
        'Hello from Kit\n',
        expect.stringContaining('"key":"hello.txt"'),
      ])
    } finally {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
      await ended
    }
  })
})
