import { storageError } from '../errors/index.ts'

/** Longest pattern, in UTF-16 units: with it the work for one key is bounded. */
const patternMaxLength = 1000

/** One piece of a pattern as parsed. Each compiles to as many steps as it has characters, so alternatives cost no more than they are long. */
type Piece =
  | { readonly is: 'character'; readonly code: number }
  | { readonly is: 'one' }
  | { readonly is: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly is: 'many'; readonly slashes: boolean }
  | { readonly is: 'choice'; readonly of: readonly (readonly Piece[])[] }

/** A step of the compiled pattern: takes one character, goes two ways at once, jumps, or has matched. */
type Step =
  | { readonly is: 'take'; readonly takes: (code: number) => boolean }
  | { readonly is: 'fork'; readonly ways: number[] }
  | { readonly is: 'match' }

const slash = 0x2f

/** @returns whether a whole key matches, in time proportional to the lengths of both: no pattern makes it backtrack. @throws InvalidConfig */
export function compilePattern(pattern: string): (key: string) => boolean {
  if (pattern.length > patternMaxLength) throw wrong(pattern, `has more than ${patternMaxLength} characters`)
  const anchored = pattern.startsWith('/')
  const text = anchored ? pattern.slice(1) : pattern
  if (text === '') throw wrong(pattern, 'is empty')
  const pieces = new Parser(pattern, [...text]).all()
  // A directory and everything below it.
  if (text.endsWith('/')) pieces.push({ is: 'many', slashes: true })
  const steps: Step[] = []
  emit(pieces, steps)
  steps.push({ is: 'match' })
  return matcher(steps, anchored)
}

function wrong(pattern: string, what: string): Error {
  return storageError('InvalidConfig', `the pattern ${JSON.stringify(pattern.slice(0, 200))} ${what}`)
}

class Parser {
  readonly #pattern: string
  readonly #characters: readonly string[]
  #at = 0

  constructor(pattern: string, characters: readonly string[]) {
    this.#pattern = pattern
    this.#characters = characters
  }

  all(): Piece[] {
    const pieces = this.#sequence(0)
    if (this.#at < this.#characters.length) throw wrong(this.#pattern, "has a '}' that closes nothing")
    return pieces
  }

  /** Up to the end, or to the `,` or `}` of the braces around it. */
  #sequence(depth: number): Piece[] {
    const pieces: Piece[] = []
    for (;;) {
      const character = this.#characters[this.#at]
      if (character === undefined || character === '}' || (character === ',' && depth > 0)) return pieces
      this.#at++
      if (character === '*') pieces.push(this.#stars())
      else if (character === '?') pieces.push({ is: 'one' })
      else if (character === '[') pieces.push(this.#class())
      else if (character === '{') pieces.push(this.#choice(depth + 1))
      else pieces.push({ is: 'character', code: codeOf(character === '\\' ? this.#escaped() : character) })
    }
  }

  #stars(): Piece {
    if (this.#characters[this.#at] !== '*') return { is: 'many', slashes: false }
    this.#at++
    if (this.#characters[this.#at] === '*') throw wrong(this.#pattern, "has more than two '*' in a row")
    return { is: 'many', slashes: true }
  }

  #escaped(): string {
    const character = this.#characters[this.#at++]
    if (character === undefined) throw wrong(this.#pattern, "ends with a '\\' that escapes nothing")
    return character
  }

  #choice(depth: number): Piece {
    if (depth > 20) throw wrong(this.#pattern, 'has braces more than 20 deep')
    const of = [this.#sequence(depth)]
    while (this.#characters[this.#at] === ',') {
      this.#at++
      of.push(this.#sequence(depth))
    }
    if (this.#characters[this.#at] !== '}') throw wrong(this.#pattern, "has a '{' without its '}'")
    this.#at++
    return { is: 'choice', of }
  }

  #class(): Piece {
    const first = this.#characters[this.#at]
    const negated = first === '!' || first === '^'
    if (negated) this.#at++
    const ranges: (readonly [number, number])[] = []
    for (;;) {
      const from = this.#member()
      if (from === undefined) break
      let to = from
      if (this.#characters[this.#at] === '-' && this.#characters[this.#at + 1] !== ']') {
        this.#at++
        to = this.#member() ?? from
      }
      if (to < from) throw wrong(this.#pattern, 'has a range of characters that ends before it begins')
      ranges.push([from, to])
    }
    if (ranges.length === 0) throw wrong(this.#pattern, "has an empty '[]'")
    return { is: 'class', negated, ranges }
  }

  /** One character within brackets; `undefined` is their end. */
  #member(): number | undefined {
    const character = this.#characters[this.#at++]
    if (character === undefined) throw wrong(this.#pattern, "has a '[' without its ']'")
    if (character === ']') return undefined
    return codeOf(character === '\\' ? this.#escaped() : character)
  }
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0
}

function emit(pieces: readonly Piece[], steps: Step[]): void {
  for (const piece of pieces) {
    if (piece.is === 'many') {
      const at = steps.length
      steps.push({ is: 'fork', ways: [at + 1, at + 3] })
      steps.push({ is: 'take', takes: piece.slashes ? () => true : (code) => code !== slash })
      steps.push({ is: 'fork', ways: [at] })
    } else if (piece.is === 'choice') {
      const ways: number[] = []
      const ends: number[][] = []
      steps.push({ is: 'fork', ways })
      for (const sequence of piece.of) {
        ways.push(steps.length)
        emit(sequence, steps)
        const end: number[] = []
        ends.push(end)
        steps.push({ is: 'fork', ways: end })
      }
      for (const end of ends) end.push(steps.length)
    } else steps.push({ is: 'take', takes: test(piece) })
  }
}

function test(piece: Exclude<Piece, { is: 'many' | 'choice' }>): (code: number) => boolean {
  if (piece.is === 'character') return (code) => code === piece.code
  if (piece.is === 'one') return (code) => code !== slash
  return (code) => code !== slash && piece.ranges.some(([from, to]) => code >= from && code <= to) !== piece.negated
}

/** Follows all ways through the steps at once, each step at most once for each character. */
function matcher(steps: readonly Step[], anchored: boolean): (key: string) => boolean {
  const reached = new Float64Array(steps.length)
  let turn = 0
  let matched = false

  function reach(step: number, open: number[]): void {
    const todo = [step]
    for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
      const what = steps[at]
      if (what === undefined || reached[at] === turn) continue
      reached[at] = turn
      if (what.is === 'take') open.push(at)
      else if (what.is === 'match') matched = true
      else todo.push(...what.ways)
    }
  }

  return (key) => {
    let open: number[] = []
    turn++
    matched = false
    reach(0, open)
    for (let at = 0; at < key.length;) {
      const code = key.codePointAt(at) ?? 0
      at += code > 0xffff ? 2 : 1
      const next: number[] = []
      turn++
      matched = false
      for (const step of open) {
        const what = steps[step]
        if (what?.is === 'take' && what.takes(code)) reach(step + 1, next)
      }
      // Beginnings of segments are beginnings for a pattern without anchor, unless the key ends there.
      if (!anchored && code === slash && at < key.length) reach(0, next)
      if (anchored && next.length === 0 && !matched) return false
      open = next
    }
    return matched
  }
}
