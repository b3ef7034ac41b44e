// Runs a plan over two stores of a million equal entries each, and tells time and peak memory. Started with a heap that a list would not fit in.
import { definePlugin, openStore, type Capabilities, type Entry, type Store } from '@kit/core'
import { plan, run } from '@kit/core/transfer'

const count = Number(process.argv[2])
const capabilities: Capabilities = {
  ops: { list: 'native', write: 'native' },
  etag: 'strong',
  read: {},
  write: { durable: 'process', attributes: ['modified'] },
  list: {
    recursive: 'native',
    ordered: 'native',
    after: 'native',
    pageMax: 1000,
    fields: ['size', 'etag', 'modified'],
  },
  keys: { maxBytes: 1000, caseSensitive: true, unicode: 'exact' },
  directories: 'implied',
  consistent: { read: true, list: true },
}
const modified = new Date(1e12)

function listing(): Promise<Store> {
  const plugin = definePlugin<object>({
    contract: 0,
    type: 'million',
    options: {},
    capabilities,
    open: () => ({
      capabilities,
      stat: async (_, key) => ({ kind: 'directory', key }),
      read: () => Promise.reject(new Error('nothing is read')),
      write: () => Promise.reject(new Error('nothing is written')),
      async *list() {
        for (let at = 0; at < count; at += 1000) {
          const entries = Array.from({ length: 1000 }, (_, index): Entry => {
            const key = `folder-${String(Math.floor((at + index) / 5000)).padStart(6, '0')}/file-${String(at + index).padStart(9, '0')}.dat`
            return { kind: 'file', key, size: at, etag: `"${at + index}"`, modified }
          })
          yield { entries }
        }
      },
    }),
  })
  return openStore({ plugin, options: {} })
}

const from = { store: await listing() }
const to = { store: await listing() }
const started = performance.now()
const running = run(from, to, plan(from, to, { kind: 'sync' }), {})
let results = 0
for (;;) {
  const step = await running.next()
  if (step.done === true) break
  if (step.value.status === 'skipped') results++
}
const seconds = ((performance.now() - started) / 1000).toFixed(1)
console.log(`${results} entries in ${seconds} s, at most ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`)
