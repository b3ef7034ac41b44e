// Reads content to its end in a process of its own and prints what it took: `node read-process.ts kit|fetch ENDPOINT CID`.
import { openStore } from '@kit/core'
import { gateway } from '@kit/backend-gateway'

const [how, endpoint = '', cid = ''] = process.argv.slice(2)

async function* fetched(): AsyncGenerator<Uint8Array> {
  const answer = await fetch(`${endpoint}/ipfs/${cid}`)
  for await (const chunk of answer.body ?? []) yield chunk
}

async function* verified(): AsyncGenerator<Uint8Array> {
  await using store = await openStore(gateway({ endpoints: endpoint.split(',') }))
  const { body } = await store.content.read(cid, {})
  if (body instanceof Uint8Array) yield body
  else yield* body
}

const begun = performance.now()
let bytes = 0
let failure: unknown
try {
  for await (const chunk of how === 'kit' ? verified() : fetched()) bytes += chunk.byteLength
} catch (error) {
  failure = Reflect.get(Object(error), 'code') ?? String(error)
}
const milliseconds = Math.round(performance.now() - begun)
const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024)
process.stdout.write(JSON.stringify({ bytes, milliseconds, peakMiB, failure }))
