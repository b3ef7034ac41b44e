import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')
const require = createRequire(import.meta.url)
const packages = ['core', 'backend-fs', 'backend-memory', 'conformance']
const built = packages.every((name) => existsSync(join(root, 'packages', name, 'dist', 'index.d.ts')))

const program = `
import { openStore, type Backend, type Store } from '@kit/core'
import { request } from '@kit/core/http'
import { env, toNodeStream } from '@kit/core/node'
import { conformance } from '@kit/conformance'
import { fs } from '@kit/backend-fs'
import { memory } from '@kit/backend-memory'
const store: Store = await openStore(memory({ layers: { retry: { attempts: 2 } } }))
await store.write('a', 'b', { ifAbsent: true })
// @ts-expect-error the path is required
fs({})
export { conformance, env, request, store, toNodeStream, type Backend }
`

describe('the published types', () => {
  for (const compiler of ['typescript-5', 'typescript-6', 'typescript']) {
    it(`compile without any ambient types under ${compiler}`, async (context) => {
      if (!built) context.skip('the packages are not built: run `npx turbo run build`')
      const folder = await mkdtemp(join(tmpdir(), 'kit-consumer-'))
      try {
        await mkdir(join(folder, 'node_modules', '@kit'), { recursive: true })
        for (const name of packages)
          await symlink(join(root, 'packages', name), join(folder, 'node_modules', '@kit', name))
        const compilerOptions = {
          module: 'nodenext',
          target: 'es2022',
          strict: true,
          exactOptionalPropertyTypes: true,
          types: [],
          noEmit: true,
        }
        await writeFile(join(folder, 'package.json'), '{"type":"module"}')
        await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }))
        await writeFile(join(folder, 'program.ts'), program)
        const tsc = join(dirname(require.resolve(`${compiler}/package.json`)), 'bin', 'tsc')
        const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error)
        expect(stdout).toBe('')
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    }, 120_000)
  }
})
