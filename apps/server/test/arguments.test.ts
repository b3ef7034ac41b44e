import { expect, test } from 'vitest'
import { readArguments, shellWord } from '../src/arguments.ts'
import { isLoopback } from '../src/guard.ts'

const token = 'correct-horse-battery'

test('listens on the loopback interface, port 8000, unless told otherwise', () => {
  expect(readArguments([], {})).toMatchObject({ host: '127.0.0.1', port: 8000, token: undefined, logLevel: 'warn' })
  expect(readArguments([], { PORT: '9000' })).toMatchObject({ port: 9000 })
  expect(readArguments(['--port', '0'], { PORT: '9000' })).toMatchObject({ port: 0 })
  expect(readArguments(['--host', '::1', '--allow-host', 'a', '--allow-host', 'b'], {})).toMatchObject({
    host: '::1',
    allowHosts: ['a', 'b'],
  })
})

test('refuses what it does not understand, with what to do', () => {
  for (const [given, variables, said] of [
    [['--port', '70000'], {}, /is no port/],
    [['--port', '80a'], {}, /is no port/],
    [[], { PORT: '-1' }, /is no port/],
    [['--nonsense'], {}, /usage: npm start/],
    [['extra'], {}, /usage: npm start/],
    [['--host', '0.0.0.0'], { KIT_TOKEN: 'short' }, /at least 16/],
    [[], { KIT_TOKEN: 'with spaces in the token' }, /no spaces/],
    [['--token-file', '/nowhere/none'], {}, /token file \/nowhere\/none cannot be read/],
    [['--log-level', 'loud'], {}, /--log-level is one of/],
  ] as const) {
    expect(() => readArguments(given, variables)).toThrow(said)
  }
})

test('other machines come in with a token', () => {
  expect(readArguments(['--host', '0.0.0.0'], { KIT_TOKEN: token })).toMatchObject({
    token,
    tokenInShell: '$KIT_TOKEN',
  })
  for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1', '[::1]']) expect(isLoopback(host)).toBe(true)
  for (const host of ['0.0.0.0', '::', '127.0.0.1.example', '10.0.0.1', 'localhost.example', '']) {
    expect(isLoopback(host)).toBe(false)
  }
})

test('words for the shell are quoted where they must be', () => {
  expect(shellWord('http://a/b_c-1.txt')).toBe('http://a/b_c-1.txt')
  expect(shellWord("it's $HOME")).toBe(`'it'\\''s $HOME'`)
  expect(shellWord('')).toBe("''")
})
