/** Makes the client's types from the server's OpenAPI document; `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { openApiDocument } from '../apps/server/src/index.ts'

const path = join(import.meta.dirname, '..', 'packages', 'client', 'src', 'api.ts')

// openapi-typescript prints by the compiler's API, which TypeScript 7 does not have.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'typescript'
      ? next('typescript-5', { ...context, parentURL: import.meta.url })
      : next(specifier, context),
})
const { default: openapiTS, astToString } = await import('openapi-typescript')

const head = `// Made from the server's OpenAPI document by \`node --conditions=@kit/source scripts/api-types.ts\`; do not edit.

`
const nodes = await openapiTS(JSON.stringify(await openApiDocument()))
const file = head + astToString(nodes)

if (process.argv.includes('--check')) {
  if (readFileSync(path, 'utf8') !== file) {
    console.error(
      `${path} is not what the server's OpenAPI document makes: run \`node --conditions=@kit/source scripts/api-types.ts\``,
    )
    process.exitCode = 1
  }
} else writeFileSync(path, file)
