/** Makes docs/errors.md from core's catalogue; `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { catalogue, errorCodes } from '../packages/core/src/errors/index.ts'

const path = join(import.meta.dirname, '..', 'docs', 'errors.md')

const rows = errorCodes.map((code) => {
  const { meaning, retry, status, errno, exit, hint } = catalogue[code]
  return `| \`${code}\` | ${meaning} | ${retry} | ${status} | ${errno} | ${exit} | ${hint} |`
})

const page = `# Errors

Made from \`packages/core/src/errors/catalogue.ts\` by \`node scripts/errors-page.ts\`; do not edit.

Every operation rejects with a \`StorageError\`: \`code\` (one of those below), \`retry\` (\`safe\`: calling again may help, now or after
\`retryAfterMs\`; \`exhausted\`: core has tried as often as it was told to; \`never\`), \`applied\` (whether the change may have happened:
\`no\`, \`maybe\`, \`yes\`), \`operation\`, \`store\`, \`key\`, \`status\`, \`requestId\` and \`cause\`. Ask by \`error.code\` or
\`isStorageError(error)\`, never by \`instanceof\`: two copies of core may be installed. One exception: when the body you give to a write
fails by itself, that failure is thrown as it came.

The columns: retry unless the error itself says otherwise, the HTTP status of Kit's server, the POSIX name for \`node:fs\` faces, the exit code of
\`kit\`.

| code | meaning | retry | HTTP | errno | exit | what to do |
| --- | --- | --- | --: | --- | --: | --- |
${rows.join('\n')}
`

if (process.argv.includes('--check')) {
  if (readFileSync(path, 'utf8') !== page) {
    console.error('docs/errors.md is not what the catalogue makes: run `node scripts/errors-page.ts`')
    process.exitCode = 1
  }
} else writeFileSync(path, page)
