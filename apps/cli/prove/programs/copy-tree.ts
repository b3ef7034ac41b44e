// Copies a tree, telling each object as soon as it is there and each mebibyte on the way. The parent kills it somewhere.
import { fs } from '@kit/backend-fs'
import { openStore } from '@kit/core'
import { resumeFolder } from '@kit/core/node'
import { plan, run } from '@kit/core/transfer'

const [from = '', to = '', resume = ''] = process.argv.slice(2)
const source = { store: await openStore(fs({ path: from }), { name: 'source' }) }
const target = { store: await openStore(fs({ path: to }), { name: 'target' }) }
const tell = (line: string): void => void process.stdout.write(`${line}\n`)
const options = { kind: 'copy', resume: resumeFolder(resume), partsFrom: 2 ** 20, concurrency: 8 } as const
let told = 0
const onProgress = ({ bytes }: { readonly bytes: { readonly done: number } }): void => {
  for (; told + 2 ** 20 <= bytes.done; told += 2 ** 20) tell('bytes')
}
const running = run(source, target, plan(source, target, options), { ...options, onProgress })
for (;;) {
  const step = await running.next()
  if (step.done === true) {
    tell(`end ${JSON.stringify({ ...step.value, failures: step.value.failures.map(({ error }) => String(error)) })}`)
    break
  }
  const { action, status, bytes, error } = step.value
  if (action.action === 'copy') tell(`${status} ${bytes} ${action.to} ${error instanceof Error ? error.message : ''}`)
}
await source.store.close()
await target.store.close()
