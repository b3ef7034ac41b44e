// What `kit` costs before it does anything: the time from the shell to the first answer, beside a Node that is given nothing to do.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cases, ComparedCase } from '../case.ts'
import { builtKit, runProgram } from '../kit-command.ts'
import { removeTemporary, temporaryFolder } from '../temporary.ts'

/** `kit` with these words, against `node` on an empty file. */
function start(
  name: string,
  args: readonly string[],
  printed: RegExp,
  bar: Pick<ComparedCase, 'floor' | 'aim' | 'note'>,
): ComparedCase {
  let home = ''
  let kit = ''
  return {
    name,
    unit: 'starts',
    count: 1,
    ...bar,
    async setup() {
      home = temporaryFolder()
      kit = await builtKit()
      writeFileSync(join(home, 'empty.js'), '')
      for (const file of ['a.txt', 'b.txt', 'c.txt']) writeFileSync(join(home, file), file)
    },
    kit: () => runProgram(process.execPath, [kit, ...args], home),
    peers: { 'empty file': () => runProgram(process.execPath, ['empty.js'], home) },
    check(output, side) {
      if (side === 'kit' && !printed.test(String(output)))
        throw new Error(`kit ${args.join(' ')} printed ${String(output)}`)
    },
    teardown: () => removeTemporary(home),
  }
}

export const cases: Cases = [
  start('kit --help', ['--help'], /^Usage: kit/, {
    floor: 1 / 1.8,
    aim: 1 / 1.6,
    note: 'Against `node empty.js`. The ratio is of starts: 0.56 is 1.8 times as long, 0.63 is 1.6 times.',
  }),
  start('kit --version', ['--version'], /^\d+\.\d+/, {}),
  start('kit ls of three files', ['ls', './'], /^a\.txt\nb\.txt\n/, {}),
  start('kit ls --json of three files', ['ls', '--json', './'], /"key":"a\.txt"/, {}),
  start('kit cp of one file', ['cp', './a.txt', './copy.txt'], /^/, {}),
]
