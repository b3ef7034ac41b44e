import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const example = join(root, 'examples/backend-webdav')
const page = readFileSync(join(root, 'docs/write-a-backend.md'), 'utf8')

/** Where the blocks of a language are taken from, and how many the page has at least. */
const origins = { ts: 'src/*.ts', js: '{.,test}/*.mjs', json: 'package.json' }

const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

function codeLines(file: string): number {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => !/^\s*(?:$|\/\/|\/?\*)/.test(line)).length
}

describe('docs/write-a-backend.md', () => {
  it.each(Object.entries(origins))('takes its %s blocks from the example word for word', (language, pattern) => {
    const sources = globSync(pattern, { cwd: example }).map((file) => plain(readFileSync(join(example, file), 'utf8')))
    const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].filter(([, name]) => name === language)
    expect(blocks.length).toBeGreaterThan(0)
    for (const [, , code = ''] of blocks) {
      expect(
        sources.some((source) => source.includes(plain(code))),
        code,
      ).toBe(true)
    }
  })

  it('is of a backend of at most 150 lines of code', () => {
    const files = globSync('src/*.ts', { cwd: example }).map((file) => join(example, file))
    expect(files.map(codeLines).reduce((sum, lines) => sum + lines, 0)).toBeLessThanOrEqual(150)
  })
})
