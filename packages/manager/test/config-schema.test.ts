import { manifestOf } from '@kit/core'
import { expect, test } from 'vitest'
import { configSchema } from '../src/index.ts'
import { cache, replicas, s3, webdav } from './fakes.ts'

test('one schema covers every type, with names of stores wherever a store may stand (M6)', () => {
  const schema = configSchema([cache, replicas, s3, webdav])
  expect(schema).toMatchObject({
    additionalProperties: false,
    properties: { stores: { additionalProperties: { $ref: '#/$defs/entry' } } },
    $defs: {
      store: { anyOf: [{ type: 'string' }, { $ref: '#/$defs/entry' }] },
      entry: { properties: { type: { enum: ['cache', 'replicas', 's3', 'aws', 'webdav'] } }, required: ['type'] },
      'type-cache': { properties: { over: { $ref: '#/$defs/store' } } },
      'type-replicas': { properties: { over: { anyOf: [{ type: 'array' }, { $ref: '#/$defs/store' }] } } },
      'type-s3': { required: ['type', 'bucket'], properties: { type: { enum: ['s3', 'aws'] } } },
      'type-webdav': { properties: { password: { pattern: '^(env|file):', writeOnly: true } } },
    },
  })
})

test('manifests alone make the same schema as the plugins', () => {
  expect(configSchema([manifestOf(s3)])).toStrictEqual(configSchema([s3]))
})

test('every reference in the schema leads somewhere', () => {
  const schema = configSchema([cache, replicas, s3])
  const references = JSON.stringify(schema).matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g)
  const defined = Object.keys(schema['$defs'] as object)
  for (const [, name] of references) expect(defined).toContain(name)
})
