import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { conformance } from '@kit/conformance'
import { openStore } from '@kit/core'
import { plugin } from '../dist/index.js'

const { WEBDAV_URL: url, WEBDAV_USER: user, WEBDAV_PASSWORD: password } = process.env
const manifest = JSON.parse(await readFile(new URL('../kit.json', import.meta.url), 'utf8'))
const open = () => openStore(plugin({ url, user, password }))
for (const { name, run } of conformance({ plugin, manifest, open, shared: true })) test(name, run)
