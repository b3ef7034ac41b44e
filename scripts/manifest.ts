// Writes kit.json, the data that a plugin is found and shown by without running it. Runs in the package's folder at build.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { manifestOf, type AnyPlugin } from '../packages/core/src/index.ts'

const entry = join(process.cwd(), 'src/index.ts')
const module: { readonly plugin?: AnyPlugin } = await import(pathToFileURL(entry).href)
if (!module.plugin) throw new Error(`${entry} has no export named plugin`)
await writeFile('kit.json', `${JSON.stringify(manifestOf(module.plugin), null, 2)}\n`)
