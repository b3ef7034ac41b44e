import { definePlugin, type Backend } from '@kit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { candidates } from '../src/completion/candidates.ts'
import { buildProgram } from '../src/program.ts'
import { missingOptions, optionsFromWords } from '../src/setup/option-words.ts'

interface Options {
  readonly url: string
  readonly bucketName?: string
  readonly secretAccessKey?: string
  readonly maxBytes?: number
  readonly fast?: boolean
  readonly hosts?: readonly string[]
  readonly folder?: string
  readonly login?: object
}

const plugin = definePlugin<Options>({
  contract: 0,
  type: 'sample',
  options: {
    url: { type: 'string', description: 'Where.', required: true },
    bucketName: { type: 'string', description: 'The bucket.', aliases: ['bucket_name', 'BUCKET'] },
    secretAccessKey: { type: 'string', description: 'The key.', secret: true, aliases: ['secret_access_key'] },
    maxBytes: { type: 'bytes', description: 'Most.' },
    fast: { type: 'boolean', description: 'Fast.' },
    hosts: { type: 'list', description: 'Hosts.' },
    folder: { type: 'string', description: 'A folder.', localPath: true },
    login: {
      type: 'map',
      description: 'Who.',
      fields: {
        user: { type: 'string', description: 'The name.' },
        password: { type: 'string', description: 'The password.', secret: true },
      },
    },
  },
  capabilities: {
    ops: {},
    read: {},
    keys: { maxBytes: 100, caseSensitive: true, unicode: 'exact' },
    directories: 'implied',
    consistent: { read: true, list: true },
  },
  open: (): Backend => {
    throw new Error('never opened')
  },
})

const folders = { cwd: '/home/ann/work', config: '/home/ann' }
const set = (...words: readonly string[]): unknown => optionsFromWords(plugin, { set: words }, folders)

describe('options of a store as words', () => {
  test.each<readonly [readonly string[], object]>([
    [['url=a=b'], { url: 'a=b' }],
    [['bucket_name=b'], { bucketName: 'b' }],
    [['maxBytes=1024'], { maxBytes: 1024 }],
    [['maxBytes=10 MiB'], { maxBytes: '10 MiB' }],
    [['fast=true'], { fast: true }],
    [['fast=perhaps'], { fast: 'perhaps' }],
    [['hosts=a,b'], { hosts: ['a', 'b'] }],
    [['hosts=["a,b"]'], { hosts: ['a,b'] }],
    [['folder=data'], { folder: './work/data' }],
    [['folder=../../../srv'], { folder: '/srv' }],
    [['secretAccessKey=env:KEY'], { secretAccessKey: 'env:KEY' }],
    [['secretAccessKey=file:key'], { secretAccessKey: 'file:./work/key' }],
    [['login.user=ann', 'login.password=env:P'], { login: { user: 'ann', password: 'env:P' } }],
    [['layers.retry.attempts=5', 'layers.stall=false'], { layers: { retry: { attempts: 5 }, stall: false } }],
  ])('%j is what it means', (words, options) => {
    expect(set(...words)).toStrictEqual(options)
  })

  test('the flags of their own go to the option of the type that is meant (X4)', () => {
    const words = { endpoint: 'https://e', bucket: 'b', secretKey: 'env:K' }
    expect(optionsFromWords(plugin, words, folders)).toStrictEqual({
      url: 'https://e',
      bucketName: 'b',
      secretAccessKey: 'env:K',
    })
    expect(() => optionsFromWords(plugin, { region: 'r' }, folders)).toThrow(/no option for --region/)
    expect(() => optionsFromWords(plugin, { accessKey: 'env:K' }, folders)).toThrow(/no option for --access-key/)
  })

  test('what is required is told by name', () => {
    expect(missingOptions(plugin.options, {})).toStrictEqual(['url'])
    expect(missingOptions(plugin.options, { url: 'u' })).toStrictEqual([])
  })

  test('a secret that stands there itself is refused, and no message quotes it', () => {
    const literal = fc.string({ minLength: 8 }).filter((text) => !/^(env|file):/.test(text) && text.trim() !== '')
    const words = fc.constantFrom('secretAccessKey', 'secret_access_key', 'login.password')
    fc.assert(
      fc.property(words, literal, (name, text) => {
        let message = ''
        try {
          set(`${name}=${text}`)
        } catch (error) {
          message = String(error)
        }
        expect(message).toMatch(/is a secret/)
        expect(message).not.toContain(text)
      }),
    )
  })
})

describe('completion', () => {
  test('of any words gives candidates that begin with what was typed, and never fails', async () => {
    const known = fc.constantFrom(
      'store',
      'add',
      'ls',
      'cp',
      '--set',
      '--config',
      '--json',
      '--',
      '-',
      '--sort=',
      '-r',
      'a:',
      'help',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(known, fc.string()), { minLength: 1, maxLength: 6 }), async (words) => {
        const found = await candidates(buildProgram(), words, async (_, typed) => [
          { value: `${typed}x` },
          { value: 'zzz' },
        ])
        for (const { value } of found) expect(value.startsWith(words.at(-1) ?? '')).toBe(true)
      }),
    )
  })
})
