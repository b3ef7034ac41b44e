#!/usr/bin/env node
import { runProgram } from './program.ts'

/** After a signal, nobody waits longer for a reader that does not read. */
const lastWordsMs = 1000

const code = await runProgram(process.argv.slice(2))
// What was written goes out first; a handle that somebody forgot does not keep the command alive.
process.stdout.write('', () => process.exit(code))
if (code > 128) setTimeout(() => process.exit(code), lastWordsMs)
