import { join } from 'node:path'
import type { StoreSpec } from '@kit/core'
import { env, secretReference } from '@kit/core/node'
import { describe, expect, test } from 'vitest'
import { specOf, type SpecOptions } from '../src/index.ts'
import { cache, encrypt, folder, replicas, s3, webdav } from './fakes.ts'

const plugins = [cache, replicas, encrypt, s3, webdav, folder]

/** Specs as data: secrets as their references, plugins by identity. */
function comparable(value: unknown): unknown {
  if (typeof value === 'function') return secretReference(value) ?? value
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, comparable(inner)]))
}

function build(text: string, name = 'a', more: Partial<SpecOptions> = {}): StoreSpec {
  return specOf(text, name, { plugins, ...more })
}

describe('a stack in a file', () => {
  test('builds the same spec as its code form (M14, DESIGN §1)', () => {
    const code = cache({
      memory: '256 MiB',
      disk: { path: '.cache', maxBytes: '10 GiB' },
      over: replicas({
        writeQuorum: 2,
        over: [
          encrypt({ key: env('PHOTO_KEY'), over: s3({ bucket: 'photos', region: 'eu-west-1' }) }),
          webdav({ url: 'https://nas.example.org/photos/', user: 'ann', password: env('NAS_PASSWORD') }),
        ],
      }),
    })
    const text = `
stores:
  photos:
    type: cache
    memory: 256 MiB
    disk: { path: .cache, maxBytes: 10 GiB }
    over: { type: replicas, writeQuorum: 2, over: [ { type: encrypt, key: env:PHOTO_KEY, over: { type: s3, bucket: photos, region: eu-west-1 } }, nas ] }
  nas: { type: webdav, url: https://nas.example.org/photos/, user: ann, password: env:NAS_PASSWORD }
mounts: { /photos: photos }
`
    expect(comparable(build(text, 'photos'))).toStrictEqual(comparable(code))
  })

  test('names one of several types by an alias', () => {
    expect(build('stores: { a: { type: aws, bucket: b } }')).toStrictEqual(s3({ bucket: 'b' }))
  })

  test('wraps one store where several may stand', () => {
    const text = 'stores: { a: { type: replicas, over: b }, b: { type: s3, bucket: b } }'
    expect(build(text)).toStrictEqual(replicas({ over: [s3({ bucket: 'b' })] }))
  })

  test('keeps layers, policies and onUnsupported', () => {
    const settings = '{ type: s3, bucket: b, layers: { retry: false }, policies: [p], onUnsupported: { mode: drop } }'
    expect(build(`stores: { a: ${settings} }`).options).toStrictEqual({
      bucket: 'b',
      layers: { retry: false },
      policies: ['p'],
      onUnsupported: { mode: 'drop' },
    })
  })

  test('repeats a part by anchor and alias', () => {
    const text = 'stores:\n  a: { type: replicas, over: [ &one { type: s3, bucket: b }, *one ] }'
    expect(build(text)).toStrictEqual(replicas({ over: [s3({ bucket: 'b' }), s3({ bucket: 'b' })] }))
  })
})

describe('values', () => {
  test('replaces ${NAME} from the environment that is passed in (M6)', () => {
    const text = 'stores: { a: { type: s3, bucket: "${USER}-${STAGE}", region: "$${USER}", port: 1 } }'
    const { options } = build(text, 'a', { environment: { USER: 'ann', STAGE: 'test' } })
    expect(options).toStrictEqual({ bucket: 'ann-test', region: '${USER}', port: 1 })
  })

  test('reads a substituted number as a number', () => {
    const text = 'stores:\n  a:\n    type: s3\n    bucket: b\n    port: ${PORT}\n'
    expect(build(text, 'a', { environment: { PORT: '9000' } }).options).toStrictEqual({ bucket: 'b', port: 9000 })
  })

  test('does not parse YAML in a variable', () => {
    const text = 'stores:\n  a: { type: s3, bucket: "${B}" }\n'
    const { options } = build(text, 'a', { environment: { B: 'x, region: y' } })
    expect(options).toStrictEqual({ bucket: 'x, region: y' })
  })

  test('starts relative paths at the folder of the file', () => {
    const text = 'stores: { a: { type: folder, path: data } }'
    expect(build(text, 'a', { file: '/srv/kit/kit.yaml' }).options).toStrictEqual({ path: join('/srv/kit', 'data') })
  })

  test('starts secret files at the folder of the file', () => {
    const text = 'stores: { a: { type: webdav, url: u, password: file:secret } }'
    const { options } = build(text, 'a', { file: '/srv/kit/kit.yaml' })
    expect(secretReference(options['password'])).toBe('file:/srv/kit/secret')
  })

  test('takes __proto__ as a name like any other', () => {
    const text = 'stores: { a: { type: cache, disk: { __proto__: { path: x } }, over: { type: s3, bucket: b } } }'
    expect(Object.keys(build(text).options['disk'] as object)).toStrictEqual(['__proto__'])
  })
})
