import { describe, expect, test } from 'vitest'
import { configProblems, problemLine, specOf } from '../src/index.ts'
import { cache, encrypt, folder, replicas, s3, webdav } from './fakes.ts'

const plugins = [cache, replicas, encrypt, s3, webdav, folder]

/** What is wrong with the text, as `line:column: message`. */
function problemsOf(text: string, name = 'a', environment: Record<string, string> = {}): readonly string[] {
  try {
    specOf(text, name, { plugins, environment, file: 'kit.yaml' })
    return []
  } catch (error) {
    expect(error).toMatchObject({ code: 'InvalidConfig' })
    const problems = configProblems(error) ?? []
    for (const problem of problems.slice(0, 20)) expect(String(error)).toContain(problemLine(problem))
    return problems.map(({ line, column, message }) => `${line}:${column}: ${message}`)
  }
}

describe('problems', () => {
  test('come all at once, with file, line and column (M6)', () => {
    const text = `stores:
  a:
    type: replicas
    writeQuorum: 0
    colour: red
    over:
      - { type: s3, region: eu }
      - { type: webdav, url: u, password: hunter2 }
      - { type: nonsense }
`
    expect(problemsOf(text)).toStrictEqual([
      '4:5: 0 is not a number of at least 1',
      '5:5: replicas has no option colour; it has writeQuorum, over',
      '7:17: bucket is missing: The bucket.',
      '8:43: a secret is a reference, `env:NAME` or `file:PATH`, not the value itself',
      '9:17: there is no plugin of type nonsense; installed are aws, cache, encrypt, folder, replicas, s3, webdav',
    ])
  })

  test.each([
    [
      'a setting that there is not',
      'storse: {}',
      '1:1: there is no setting storse; a file has version, stores, mounts, plugins',
    ],
    ['a newer version', 'version: 2', '1:10: the file has version 2, this Kit reads up to 1; install a newer one'],
    ['a list where a map stands', 'stores: []', '1:9: stores is a map'],
    [
      'a name that no address can hold',
      'stores: { "a:b": { type: s3, bucket: b } }',
      '1:11: "a:b" is no name of a store',
    ],
    ['a store without type', 'stores: { a: { bucket: b } }', '1:14: the store has no type'],
    [
      'a key that stands twice',
      'stores:\n  a: { type: s3, bucket: b, bucket: c }',
      '2:29: bucket stands here a second time',
    ],
    ['an unknown store', 'stores:\n  a: { type: cache, over: b }', '2:27: there is no store b; there are a'],
    ['a store that wraps itself', 'stores: { a: { type: cache, over: a } }', '1:35: the stores wrap themselves: a → a'],
    [
      'over of a type that wraps nothing',
      'stores: { a: { type: s3, bucket: b, over: a } }',
      '1:43: the stores wrap themselves',
    ],
    [
      'two stores in a type that wraps one',
      'stores:\n  a: { type: cache, over: [b, b] }\n  b: { type: s3, bucket: b }',
      '2:27: cache wraps one store, not 2',
    ],
    [
      'a number as over',
      'stores: { a: { type: cache, over: 7 } }',
      '1:35: over takes a store, the name of one, or a list of both',
    ],
    [
      'a variable that is not set',
      'stores:\n  a: { type: s3, bucket: "${B}" }',
      '2:26: the environment variable B is not set',
    ],
    [
      'a reference that is none',
      'stores:\n  a: { type: s3, bucket: "${B-x}" }',
      '2:26: ${B-x} is no reference of the form ${NAME}',
    ],
    ['broken YAML', 'stores:\n  a: {', '2:7: Flow map'],
    ['two documents', 'stores: {}\n---\nstores: {}', '2:1: Source contains multiple documents'],
    ['a tag', 'stores: !!set {}', '1:15: tags such as'],
    ['a pin that is no package', 'plugins: { s3: [] }', '1:16: plugins names the package of each type'],
  ])('refuses %s', (_, text, problem) => {
    expect(problemsOf(text)[0]).toContain(problem)
  })

  test('name the whole way round a cycle (DESIGN §1)', () => {
    const text = `stores:
  a: { type: cache, over: b }
  b: { type: replicas, over: [ { type: cache, over: c } ] }
  c: { type: cache, over: a }`
    expect(problemsOf(text)).toStrictEqual(['4:27: the stores wrap themselves: a → b → c → a'])
  })

  test('never show a secret that stands in the file (M6)', () => {
    const text = 'stores: { a: { type: webdav, url: u, password: "${P}" } }'
    expect(problemsOf(text, 'a', { P: 'hunter2' }).join('\n')).not.toContain('hunter2')
  })

  test('are cut where there are very many', () => {
    const text = `stores:\n${Array.from({ length: 50 }, (_, index) => `  a${index}: 1`).join('\n')}`
    expect(() => specOf(text, 'a1', { plugins })).toThrow(/50 problems[^]*and 30 more/)
  })
})

describe('hostile files', () => {
  test('are refused when aliases make them huge', () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `l${level + 1}: &l${level + 1} [${Array(10).fill(`*l${level}`).join(', ')}]`,
    )
    expect(problemsOf(`l0: &l0 x\n${levels.join('\n')}`).join('\n')).toContain('the file means more than 50000 values')
  })

  test('are refused when an anchor contains itself', () => {
    expect(problemsOf('stores: &s { a: *s }')[0]).toBe('1:17: &s contains itself')
  })

  test('are refused when an alias has no anchor', () => {
    expect(problemsOf('stores: *s')[0]).toMatch(/^1:9: /)
  })

  test('are refused when they are nested too deep', () => {
    expect(problemsOf(`stores: ${'['.repeat(100)}${']'.repeat(100)}`).join('\n')).toContain(
      'nested deeper than 64 levels',
    )
    expect(problemsOf('['.repeat(30_000))).not.toStrictEqual([])
  })

  test('are refused when they are too long', () => {
    expect(problemsOf(`# ${'x'.repeat(1 << 20)}`)[0]).toContain('1:1: the file has 1048578 characters')
  })

  test('are refused when named stores multiply', () => {
    const stores = Array.from(
      { length: 20 },
      (_, level) => `  s${level}: { type: replicas, over: [s${level + 1}, s${level + 1}] }`,
    )
    const text = `stores:\n${stores.join('\n')}\n  s20: { type: s3, bucket: b }`
    expect(problemsOf(text, 's0').join('\n')).toContain('has more than 256 stores')
  })

  test('are refused when stores are nested too deep', () => {
    const stores = Array.from({ length: 100 }, (_, level) => `  s${level}: { type: cache, over: s${level + 1} }`)
    const text = `stores:\n${stores.join('\n')}\n  s100: { type: s3, bucket: b }`
    expect(problemsOf(text, 's0').join('\n')).toContain('stores are nested deeper than 32 levels')
  })
})
