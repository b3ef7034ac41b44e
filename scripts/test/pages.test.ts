import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')

/** The first block of that language in a page. */
async function block(page: string, language: string): Promise<string> {
  const text = await readFile(join(root, page), 'utf8')
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1]
  if (found === undefined) throw new Error(`${page} has no ${language} block`)
  return found
}

/** Runs a page's program as a newcomer would: in a folder that has the packages installed. */
async function runProgram(program: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kit-page-'))
  try {
    await mkdir(join(folder, 'node_modules', '@kit'), { recursive: true })
    for (const name of ['core', 'backend-fs', 'backend-memory']) {
      await symlink(join(root, 'packages', name), join(folder, 'node_modules', '@kit', name))
    }
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    await writeFile(join(folder, 'program.ts'), program)
    const { stdout } = await run(process.execPath, ['--conditions=@kit/source', 'program.ts'], { cwd: folder })
    return stdout
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

describe('the pages', () => {
  it('the program in the README runs and prints what it says', async () => {
    const lines = (await runProgram(await block('README.md', 'ts'))).split('\n')
    expect(lines.slice(0, 4)).toEqual(['{ days: 3 }', 'ConditionFailed never', '4}', '2026/trip.json 10'])
  })

  it("the program in core's README runs", async () => {
    expect(await runProgram(await block('packages/core/README.md', 'ts'))).toBe('')
  })

  it('every page that another one links to is there', async () => {
    const missing: string[] = []
    const pages = [
      'README.md',
      'ARCHITECTURE.md',
      'CONTRIBUTING.md',
      'AGENTS.md',
      'docs/semantics.md',
      'docs/compose.md',
    ]
    for (const page of pages) {
      const text = await readFile(join(root, page), 'utf8')
      for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
        if (target.startsWith('http')) continue
        await readFile(join(root, page, '..', target)).catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') missing.push(`${page} → ${target}`)
        })
      }
    }
    expect(missing).toEqual([])
  })
})
