import { manifestOf, type AnyPlugin, type JsonSchema, type Manifest } from '@kit/core'
import { configVersion } from './config/config.ts'

/**
 * One JSON Schema (2020-12) for configuration files with stores of these plugins, so that editors complete and check them.
 * `$defs/store` is what `over` takes: a store or the name of one.
 */
export function configSchema(plugins: readonly (AnyPlugin | Manifest)[]): JsonSchema {
  const manifests = plugins.map((plugin) => (typeof plugin === 'function' ? manifestOf(plugin) : plugin))
  const types = manifests.flatMap(({ type, aliases }) => [type, ...aliases])
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Kit configuration',
    type: 'object',
    properties: {
      version: { description: 'Version of this layout.', type: 'integer', minimum: 1, maximum: configVersion },
      stores: {
        description: 'Stores by name.',
        type: 'object',
        propertyNames: { pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$' },
        additionalProperties: { $ref: '#/$defs/entry' },
      },
      mounts: { description: 'Stores by the path where they are mounted.', type: 'object' },
      plugins: {
        description: 'The package that provides a type, where several installed ones do.',
        type: 'object',
        additionalProperties: { type: 'string' },
      },
    },
    additionalProperties: false,
    $defs: {
      store: { anyOf: [{ description: 'The name of a store.', type: 'string' }, { $ref: '#/$defs/entry' }] },
      entry: {
        type: 'object',
        properties: { type: { description: 'What provides the store.', enum: types } },
        required: ['type'],
        allOf: manifests.map(({ type, aliases }) => ({
          if: { properties: { type: { enum: [type, ...aliases] } }, required: ['type'] },
          // oxlint-disable-next-line unicorn/no-thenable -- the keyword of JSON Schema; an object, never called
          then: { $ref: `#/$defs/type-${type}` },
        })),
      },
      ...Object.fromEntries(manifests.map((manifest) => [`type-${manifest.type}`, typeSchema(manifest)])),
    },
  }
}

/** The manifest's schema, and what only files accept: aliases of the type. */
function typeSchema({ type, aliases, options }: Manifest): JsonSchema {
  const properties = isRecord(options['properties']) ? options['properties'] : {}
  return { ...options, properties: { ...properties, type: { enum: [type, ...aliases] } } }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
