import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { offences } from '../limits.ts'

let workspace: string
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'kit-limits-'))
})
afterEach(() => rmSync(workspace, { recursive: true }))

function plant(file: string, text: string): void {
  const path = join(workspace, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** What is printed for each offence. */
function found(): readonly string[] {
  return offences(workspace).map(({ file, line, what }) => `${file}:${line} ${what}`)
}

function code(lines: number): string {
  return Array.from({ length: lines }, (_, line) => `export const n${line} = ${line}\n`).join('')
}

describe('offences', () => {
  it('finds nothing in files at their limits', () => {
    plant('packages/core/package.json', '{ "name": "core", "devDependencies": { "vitest": "1" } }')
    plant('packages/core/src/backend/backend.ts', `/* what\n it is */\n\n// for\n${code(200)}`)
    plant('packages/core/src/backend/pins.ts', code(100))
    plant('packages/core/src/node/file.ts', "import 'node:fs'\nimport './file.css'\n")
    plant('packages/core/test/file.test.ts', "import 'node:fs'\n")
    plant('packages/backend-memory/src/index.ts', `${code(60)}// a comment\n\n`)
    plant('packages/backend-memory/src/memory-backend.ts', code(60))
    plant('packages/manager/src/long.ts', code(400))
    plant('packages/manager/dist/utils.ts', code(401))
    plant('packages/manager/node_modules/other/utils.ts', code(401))
    plant('docs/write-a-backend.md', 'line\n'.repeat(150))
    expect(found()).toEqual([])
  })

  it('finds a file that is too long', () => {
    plant('scripts/long.mjs', code(401))
    expect(found()).toEqual(['scripts/long.mjs:401 has 401 lines, at most 400 are allowed'])
  })

  it('finds a contract file with too much code', () => {
    plant('packages/core/src/backend/backend.ts', code(201))
    plant('packages/core/src/backend/pins.ts', code(101))
    expect(found()).toEqual([
      'packages/core/src/backend/backend.ts:1 has 201 lines of code, at most 200 are allowed in the contract',
      'packages/core/src/backend/pins.ts:1 has 101 lines of code, at most 100 are allowed in the contract',
    ])
  })

  it('finds a memory backend that is too long in all', () => {
    plant('packages/backend-memory/src/index.ts', code(60))
    plant('packages/backend-memory/src/memory-backend.ts', code(61))
    expect(found()).toEqual([expect.stringContaining('packages/backend-memory/src:1 has 121 lines of code in all')])
  })

  it("finds an author's page that is too long", () => {
    plant('docs/write-a-backend.md', 'line\n'.repeat(151))
    expect(found()).toEqual(['docs/write-a-backend.md:151 has 151 lines, at most 150 are allowed'])
  })

  it('finds a dependency of core', () => {
    plant('packages/core/package.json', '{ "dependencies": { "zod": "4" }, "peerDependencies": { "vitest": "5" } }')
    expect(found()).toEqual([
      'packages/core/package.json:1 core has no dependencies, found zod',
      'packages/core/package.json:1 core has no dependencies, found vitest',
    ])
  })

  it('finds a Node module in core outside its rooms', () => {
    plant('packages/core/src/store/store.ts', "// why\nexport { readFile } from 'node:fs/promises'\n")
    plant('packages/core/src/index.ts', "const fs = await import('node:fs')\n")
    expect(found()).toEqual([
      'packages/core/src/index.ts:1 "node:fs" may only be imported in node, log of core',
      'packages/core/src/store/store.ts:2 "node:fs/promises" may only be imported in node, log of core',
    ])
  })

  it('finds names that say nothing', () => {
    plant('packages/core/src/utils/bytes.ts', '')
    plant('packages/core/test/helpers.test.ts', '')
    expect(found()).toEqual([
      'packages/core/src/utils/bytes.ts:1 "utils" says nothing: name it after what it does',
      'packages/core/test/helpers.test.ts:1 "helpers.test.ts" says nothing: name it after what it does',
    ])
  })

  it('finds relative imports that do not name the file', () => {
    plant(
      'scripts/a.ts',
      "import { b } from './b'\nimport type {\n  C,\n} from '../c.js'\nimport '..'\nimport './d.ts'\n",
    )
    expect(found()).toEqual([
      'scripts/a.ts:1 import of "./b" must end in .ts',
      'scripts/a.ts:4 import of "../c.js" must end in .ts',
      'scripts/a.ts:5 import of ".." must end in .ts',
    ])
  })

  it('reads no import out of comments and strings', () => {
    plant('scripts/a.ts', '// import "./b"\n/* import "./c" */\nconst text = `import "./d"` + \'import "./e"\'\n')
    expect(found()).toEqual([])
  })
})
