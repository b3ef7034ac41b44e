// Writes kit.json: what the plugin is, as data, so that it is found and shown without running it.
import { writeFile } from 'node:fs/promises'
import { manifestOf } from '@kit/core'
import { plugin } from './dist/index.js'

await writeFile('kit.json', `${JSON.stringify(manifestOf(plugin), null, 2)}\n`)
