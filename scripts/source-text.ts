// Reads TypeScript as text, far enough for the limits: comments, strings and import specifiers are told apart, nothing is parsed.

export interface ImportedName {
  readonly specifier: string
  readonly line: number
}

export interface SourceText {
  /** Every module named by an import, an export from, or an import call with a literal. */
  readonly imports: readonly ImportedName[]
  /** Lines that hold more than blanks and comments. */
  readonly codeLines: number
}

const token = /\/\*[^]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[^]|[^`\\])*`/g
const namesModule = /\b(?:from|import|import\s*\()\s*$/

export function readSource(text: string): SourceText {
  const imports: ImportedName[] = []
  let code = ''
  let end = 0
  for (const match of text.matchAll(token)) {
    const [part] = match
    code += text.slice(end, match.index)
    end = match.index + part.length
    if (part.startsWith('/')) {
      code += part.replaceAll(/[^\n]/g, ' ')
      continue
    }
    if (namesModule.test(code)) imports.push({ specifier: part.slice(1, -1), line: code.split('\n').length })
    code += part
  }
  code += text.slice(end)
  return { imports, codeLines: code.split('\n').filter((line) => line.trim() !== '').length }
}
