import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { ConfigProblem } from './problems.ts'

/** Largest configuration file, in UTF-16 units. */
export const textMax: number = 1 << 20
/** Most values in a file, those that aliases repeat counted each time: what keeps a small file from meaning a huge tree. */
const valuesMax = 50_000
const depthMax = 64

/** A value of the file and where it stands. Aliases are followed: what they name stands in the tree itself, shared. */
export type Tree = ScalarTree | ListTree | MapTree
interface Located {
  /** Offset in the text of the first character. */
  readonly at: number
  /** How many values it means, with all that aliases repeat. */
  readonly values: number
}
export interface ScalarTree extends Located {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  /** Written without quotes. */
  readonly plain: boolean
}
export interface ListTree extends Located {
  readonly kind: 'list'
  readonly items: readonly Tree[]
}
export interface MapTree extends Located {
  readonly kind: 'map'
  readonly entries: readonly MapEntry[]
}
export interface MapEntry {
  readonly key: string
  readonly at: number
  readonly value: Tree
}

/** A parsed file: the document, for changing it, and the tree, for reading it. */
export interface ConfigText {
  readonly file: string
  readonly text: string
  readonly document: Document
  readonly root: Tree
  readonly problems: readonly ConfigProblem[]
  problem(at: number, message: string, hint?: string): ConfigProblem
}

/** The value of one key; undefined where there is none. */
export function entryOf(tree: MapTree, key: string): MapEntry | undefined {
  return tree.entries.find((entry) => entry.key === key)
}

/** Parses YAML 1.2 without tags. Everything that is wrong stands in `problems`; nothing is thrown. */
export function parseConfigText(text: string, file: string): ConfigText {
  const lines = new LineCounter()
  const problem = (at: number, message: string, hint?: string): ConfigProblem => {
    const { line, col } = lines.linePos(at)
    const place = { file, line: Math.max(line, 1), column: Math.max(col, 1), message }
    return hint === undefined ? place : { ...place, hint }
  }
  const problems: ConfigProblem[] = []
  const tooLarge = text.length > textMax
  // Own checks of duplicate keys, aliases and depth: the parser's cost more than linear time or come too late.
  const document = parseDocument(tooLarge ? '' : text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false })
  if (tooLarge) problems.push(problem(0, `the file has ${text.length} characters; at most ${textMax} are read`))
  for (const { pos, message } of [...document.errors, ...document.warnings]) problems.push(problem(pos[0], message))
  const root = problems.length > 0 ? nothing(0) : grow(document, (at, message) => problems.push(problem(at, message)))
  return { file, text, document, root, problems, problem }
}

function nothing(at: number): ScalarTree {
  return { kind: 'scalar', value: null, plain: true, at, values: 1 }
}

function grow(document: Document.Parsed, tell: (at: number, message: string) => void): Tree {
  /** The tree of an anchor; undefined while it is being made. */
  const anchors = new Map<string, Tree | undefined>()
  let tooMany = false

  function treeOf(node: ParsedNode | null, depth: number, fallback: number): Tree {
    if (node === null) return nothing(fallback)
    const at = node.range[0]
    if (depth > depthMax) {
      tell(at, `values are nested deeper than ${depthMax} levels`)
      return nothing(at)
    }
    if (isAlias(node)) return aliased(node.source, at)
    if (node.tag !== undefined) tell(at, `tags such as ${node.tag} are not read; quote a text that looks like a number`)
    const anchor = node.anchor
    if (anchor !== undefined) anchors.set(anchor, undefined)
    const tree = isMap(node) ? mapOf(node, depth, at) : isSeq(node) ? listOf(node, depth, at) : scalarOf(node, at)
    if (anchor !== undefined) anchors.set(anchor, tree)
    return tree
  }

  function aliased(name: string, at: number): Tree {
    const tree = anchors.get(name)
    if (tree !== undefined) return { ...tree, at }
    tell(at, anchors.has(name) ? `&${name} contains itself` : `there is no anchor &${name} before this alias`)
    return nothing(at)
  }

  function count(at: number, parts: readonly Tree[]): number {
    const values = Math.min(
      parts.reduce((sum, part) => sum + part.values, 1),
      valuesMax + 1,
    )
    if (values > valuesMax && !tooMany) {
      tooMany = true
      tell(at, `the file means more than ${valuesMax} values`)
    }
    return values
  }

  function mapOf(node: YAMLMap.Parsed, depth: number, at: number): MapTree {
    const entries: MapEntry[] = []
    const seen = new Set<string>()
    for (const { key, value } of node.items) {
      const keyAt = key.range[0]
      if (!isScalar(key)) {
        tell(keyAt, 'a key is a plain word')
        continue
      }
      const name = keyText(key)
      if (seen.has(name)) tell(keyAt, `${name} stands here a second time`)
      seen.add(name)
      entries.push({ key: name, at: keyAt, value: treeOf(value, depth + 1, keyAt) })
    }
    const values = entries.map((entry) => entry.value)
    return { kind: 'map', entries, at, values: count(at, values) }
  }

  function listOf(node: YAMLSeq.Parsed, depth: number, at: number): ListTree {
    const items = node.items.map((item) => treeOf(item, depth + 1, at))
    return { kind: 'list', items, at, values: count(at, items) }
  }

  function scalarOf(node: Scalar.Parsed, at: number): ScalarTree {
    const { value } = node
    const known = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
    return { kind: 'scalar', value: known, plain: node.type === 'PLAIN', at, values: 1 }
  }

  return treeOf(document.contents, 0, 0)
}

/** A key as it is spelt: `1.0` stays `1.0`. */
function keyText(key: Scalar): string {
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
}
