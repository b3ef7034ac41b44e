import type { AnyPlugin, OptionSpec } from '../backend/index.ts'

/** A JSON Schema (2020-12) as plain data. */
export type JsonSchema = { readonly [Key: string]: unknown }

/** The schema of one store of this type in a config file; inner stores refer to `#/$defs/store`. */
export function optionsSchema(plugin: Pick<AnyPlugin, 'type' | 'options'>): JsonSchema {
  const table: Readonly<Record<string, OptionSpec>> = plugin.options
  const properties: Record<string, JsonSchema> = {}
  const required = ['type']
  for (const [name, spec] of Object.entries(table)) {
    properties[name] = valueSchema(spec)
    for (const alias of spec.aliases ?? []) {
      if (alias !== alias.toUpperCase()) properties[alias] = { ...valueSchema(spec), deprecated: true }
    }
    if (spec.required === true && (spec.aliases ?? []).length === 0) required.push(name)
  }
  return {
    type: 'object',
    properties: { type: { const: plugin.type }, ...properties, ...commonProperties },
    required,
    additionalProperties: false,
  }
}

const commonProperties: Record<string, JsonSchema> = {
  layers: { type: 'object', description: 'Settings of the layers: retry, deadline, stall, concurrency, verify.' },
  policies: { type: ['object', 'array', 'string'], description: 'Policies that the manager enforces.' },
  onUnsupported: {
    type: 'object',
    description: 'Attributes that are dropped where the store cannot keep them.',
    additionalProperties: { const: 'drop' },
  },
}

function valueSchema(spec: OptionSpec): JsonSchema {
  const base = { description: spec.description, ...(spec.default === undefined ? {} : { default: spec.default }) }
  switch (spec.type) {
    case 'string':
      if (spec.secret === true) return { ...base, type: 'string', pattern: '^(env|file):', writeOnly: true }
      return { ...base, type: 'string', ...(spec.values === undefined ? {} : { enum: spec.values }) }
    case 'number':
      return { ...base, type: 'number', ...(spec.minimum === undefined ? {} : { minimum: spec.minimum }) }
    case 'boolean':
      return { ...base, type: 'boolean' }
    case 'bytes':
      return { ...base, type: ['integer', 'string'], pattern: String.raw`^\d+(\.\d+)?\s*([kKmMgGtTpP]i?)?[bB]?$` }
    case 'duration':
      return { ...base, type: ['integer', 'string'], pattern: String.raw`^\d+(\.\d+)?\s*(ms|s|min|m|h|d)?$` }
    case 'list':
      return { ...base, type: 'array' }
    case 'map':
      return {
        ...base,
        type: 'object',
        ...(spec.fields === undefined
          ? {}
          : {
              properties: Object.fromEntries(
                Object.entries(spec.fields).map(([name, inner]) => [name, valueSchema(inner)]),
              ),
              additionalProperties: false,
            }),
      }
    case 'store':
      return { ...base, $ref: '#/$defs/store' }
    case 'stores':
      return { ...base, anyOf: [{ type: 'array', items: { $ref: '#/$defs/store' } }, { $ref: '#/$defs/store' }] }
  }
}
