// The hard limits of this repository, each printed as `file:line what` where it is broken.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readSource, type SourceText } from './source-text.ts'
import { readManifest, root } from './workspace.ts'

const maxLines = 400
/** Data written by a program, free of `maxLines`. Paths from the root. */
const generated: readonly string[] = ['packages/client/src/api.ts']
const contractFolder = 'packages/core/src/backend/'
/** Lines of code: neither blank nor comment. */
const maxContractCode: Readonly<Record<string, number>> = { 'backend.ts': 200 }
const maxGroupCode = 100
const maxMemoryBackendCode = 120
const maxAuthorPageLines = 150
/** Rooms of core that may import `node:` modules. */
const coreNodeRooms: readonly string[] = ['node', 'log']
const namelessNames: readonly string[] = ['utils', 'util', 'helpers', 'helper', 'misc', 'common']
/** What the path of a relative import may end in: source by its own name, or an asset. */
const importedEndings = /\.(?:ts|tsx|mjs|json|css|svg)$/

/** Folders of installed, built and hidden files. */
const unchecked = /^(?:node_modules|dist|coverage|\.\w.*)$/

export interface Offence {
  readonly file: string
  readonly line: number
  readonly what: string
}

interface ReadFile extends SourceText {
  readonly file: string
  readonly lines: number
}

export function offences(workspace: string): readonly Offence[] {
  const files = listFiles(workspace)
  const sources = files
    .filter((file) => /\.(?:ts|tsx|mjs)$/.test(file))
    .map((file): ReadFile => {
      const text = readFileSync(join(workspace, file), 'utf8')
      return { ...readSource(text), file, lines: countLines(text) }
    })
  return [
    ...files.flatMap(nameOffences),
    ...sources.flatMap(lengthOffences),
    ...sources.flatMap(contractOffences),
    ...sources.flatMap(importOffences),
    ...memoryBackendOffences(sources),
    ...authorPageOffences(workspace),
    ...coreDependencyOffences(workspace),
  ]
}

/** Every file but what is installed, built or hidden. */
function listFiles(workspace: string): readonly string[] {
  return globSync('**/*.*', { cwd: workspace, exclude: (path) => unchecked.test(basename(path)) })
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted()
}

function countLines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}

function nameOffences(file: string): readonly Offence[] {
  return file
    .split('/')
    .filter((part) => namelessNames.includes(part.split('.', 1)[0] ?? ''))
    .map((part) => ({ file, line: 1, what: `"${part}" says nothing: name it after what it does` }))
}

function lengthOffences({ file, lines }: ReadFile): readonly Offence[] {
  if (lines <= maxLines || generated.includes(file)) return []
  return [{ file, line: maxLines + 1, what: `has ${lines} lines, at most ${maxLines} are allowed` }]
}

function contractOffences({ file, codeLines }: ReadFile): readonly Offence[] {
  if (!file.startsWith(contractFolder)) return []
  const most = maxContractCode[file.slice(contractFolder.length)] ?? maxGroupCode
  if (codeLines <= most) return []
  return [{ file, line: 1, what: `has ${codeLines} lines of code, at most ${most} are allowed in the contract` }]
}

function importOffences({ file, imports }: ReadFile): readonly Offence[] {
  const room = /^packages\/core\/src\/(?:([^/]+)\/)?/.exec(file)
  const mayUseNode = !room || coreNodeRooms.includes(room[1] ?? '')
  return imports.flatMap(({ specifier, line }): readonly Offence[] => {
    if (!file.endsWith('.mjs') && /^\.\.?(?:\/|$)/.test(specifier) && !importedEndings.test(specifier)) {
      return [{ file, line, what: `import of "${specifier}" must end in .ts` }]
    }
    if (specifier.startsWith('node:') && !mayUseNode) {
      return [{ file, line, what: `"${specifier}" may only be imported in ${coreNodeRooms.join(', ')} of core` }]
    }
    return []
  })
}

function memoryBackendOffences(sources: readonly ReadFile[]): readonly Offence[] {
  const files = sources.filter(({ file }) => file.startsWith('packages/backend-memory/src/'))
  const code = files.reduce((sum, { codeLines }) => sum + codeLines, 0)
  if (code <= maxMemoryBackendCode) return []
  const what = `has ${code} lines of code in all (blank lines and comments not counted), at most ${maxMemoryBackendCode} are allowed`
  return [{ file: 'packages/backend-memory/src', line: 1, what }]
}

function authorPageOffences(workspace: string): readonly Offence[] {
  const file = 'docs/write-a-backend.md'
  if (!existsSync(join(workspace, file))) return []
  const lines = countLines(readFileSync(join(workspace, file), 'utf8'))
  if (lines <= maxAuthorPageLines) return []
  return [{ file, line: maxAuthorPageLines + 1, what: `has ${lines} lines, at most ${maxAuthorPageLines} are allowed` }]
}

function coreDependencyOffences(workspace: string): readonly Offence[] {
  const file = 'packages/core/package.json'
  if (!existsSync(join(workspace, file))) return []
  const { dependencies, optionalDependencies, peerDependencies } = readManifest(join(workspace, file))
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }).map((name) => ({
    file,
    line: 1,
    what: `core has no dependencies, found ${name}`,
  }))
}

if (import.meta.main) {
  const found = offences(root)
  for (const { file, line, what } of found) console.log(`${file}:${line} ${what}`)
  if (found.length > 0) process.exitCode = 1
}
