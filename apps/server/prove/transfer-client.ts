// One transfer, in a process of its own so that it does not take the server's time.
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'

export interface Job {
  readonly base: string
  readonly path: string
  readonly size: number
  readonly direction: 'up' | 'down'
  readonly framing: 'length' | 'chunks'
}

export interface Outcome {
  readonly seconds: number
  readonly size: number
  /** Of the first word of every MiB: bytes out of place change it. */
  readonly sum: number
}

const mebibyte = 2 ** 20

process.once('message', (job: Job) => {
  run(job).then(
    (outcome) => process.send?.(outcome),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})

async function run(job: Job): Promise<Outcome> {
  const { hostname, port } = new URL(job.base)
  const started = performance.now()
  const moved = await (job.direction === 'up' ? up : down)(job, hostname, Number(port))
  return { ...moved, seconds: (performance.now() - started) / 1000 }
}

async function up({ path, size, framing }: Job, hostname: string, port: number): Promise<Omit<Outcome, 'seconds'>> {
  const headers = framing === 'length' ? { 'content-length': size } : {}
  const asking = request({ hostname, port, path, method: 'PUT', headers, agent: false })
  let sum = 0
  for (let index = 0; index < size / mebibyte; index++) {
    // Given away to the socket: never written to again.
    const chunk = Buffer.alloc(mebibyte, index % 251)
    const word = (index * 2_654_435_761) >>> 0
    chunk.writeUInt32LE(word)
    sum = (sum * 31 + word) >>> 0
    if (!asking.write(chunk)) await once(asking, 'drain')
  }
  asking.end()
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  response.resume()
  if (response.statusCode !== 200 && response.statusCode !== 201) throw new Error(`PUT: ${response.statusCode}`)
  return { size, sum }
}

async function down({ path }: Job, hostname: string, port: number): Promise<Omit<Outcome, 'seconds'>> {
  const asking = request({ hostname, port, path, agent: false })
  asking.end()
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  let sum = 0
  let at = 0
  let word = Buffer.alloc(0)
  for await (const chunk of response as AsyncIterable<Buffer>) {
    // The four bytes at each MiB, which may come in two chunks.
    for (let from = 0; from < chunk.length;) {
      const inMebibyte = (at + from) % mebibyte
      if (inMebibyte >= 4) {
        from += mebibyte - inMebibyte
        continue
      }
      const part = chunk.subarray(from, from + 4 - inMebibyte)
      word = Buffer.concat([word, part])
      from += part.length
      if (word.length === 4) {
        sum = (sum * 31 + word.readUInt32LE()) >>> 0
        word = Buffer.alloc(0)
      }
    }
    at += chunk.length
  }
  return { size: at, sum }
}
