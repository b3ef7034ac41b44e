import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { startKubo, startLassie, temporaryFolder } from '@kit/test-servers'
import { describe, expect, it } from 'vitest'
import { fileDag, inOrder, noise } from '../test/file-dag.ts'
import { carBytes, carFrame, carType, honest, rawBlock, send, startTestGateway } from '../test/hostile-gateway.ts'

const minutes = (count: number): { timeout: number } => ({ timeout: count * 60_000 })
const mebibyte = 2 ** 20

interface Took {
  readonly bytes: number
  readonly milliseconds: number
  readonly peakMiB: number
  readonly failure?: string
}

async function reads(how: 'kit' | 'fetch', endpoint: string, cid: string): Promise<Took> {
  const script = new URL('read-process.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=@kit/source',
    script,
    how,
    endpoint,
    cid,
  ])
  return JSON.parse(stdout)
}

const speed = ({ bytes, milliseconds }: Took): number => Math.round(bytes / mebibyte / (milliseconds / 1000))

describe('content over gateways', () => {
  it('streams 512 MiB verified, in flat memory, from Kubo and from Lassie', minutes(10), async () => {
    await using kubo = await startKubo()
    await using folder = await temporaryFolder('large')
    const path = join(folder.path, 'file')
    const part = noise(mebibyte)
    const size = 512
    await pipeline(function* () {
      for (let number = 0; number < size; number++) {
        new DataView(part.buffer).setUint32(0, number)
        yield Buffer.from(part)
      }
    }, createWriteStream(path))
    const cid = (await kubo.ipfs(['add', '--quieter', '--pin=false', path])).trim()
    await using lassie = await startLassie({ providers: [kubo.gateway] })
    const plain: Took[] = []
    const kit: Took[] = []
    for (let round = 0; round < 3; round++) {
      plain.push(await reads('fetch', kubo.gateway, cid))
      kit.push(await reads('kit', kubo.gateway, cid))
    }
    const over = await reads('kit', lassie.endpoint, cid)
    const median = (all: Took[]): Took => all.toSorted((a, b) => a.milliseconds - b.milliseconds)[1] ?? over
    const [a, b] = [median(plain), median(kit)]
    console.log(`512 MiB unverified fetch  ${speed(a)} MiB/s, peak ${a.peakMiB} MiB`)
    console.log(
      `512 MiB verified, Kubo    ${speed(b)} MiB/s, peak ${b.peakMiB} MiB, ratio ${(speed(b) / speed(a)).toFixed(2)}`,
    )
    console.log(`512 MiB verified, Lassie  ${speed(over)} MiB/s, peak ${over.peakMiB} MiB`)
    for (const took of [...kit, over]) {
      expect(took.failure).toBeUndefined()
      expect(took.bytes).toBe(size * mebibyte)
      expect(took.peakMiB).toBeLessThan(300)
    }
  })

  it('ends, in flat memory, what sends blocks without end', minutes(5), async () => {
    const dag = await fileDag(noise(3_000_000))
    await using gateway = await startTestGateway(async ({ query }, response, self) => {
      if (query.get('format') !== 'car') return void response.writeHead(404).end()
      response.writeHead(200, { 'content-type': carType })
      await send(self, response, carBytes([dag.root], inOrder(dag).slice(0, 1)))
      for (let number = 0; ; number++) {
        const bytes = new Uint8Array(mebibyte)
        new DataView(bytes.buffer).setUint32(0, number)
        if (!(await send(self, response, carFrame(rawBlock(bytes))))) return
      }
    })
    const took = await reads('kit', gateway.url, dag.root)
    console.log(
      `endless CAR: ${took.failure} after ${took.milliseconds} ms, peak ${took.peakMiB} MiB, ${Math.round(gateway.sentBytes / mebibyte)} MiB sent`,
    )
    expect(took.failure).toBe('Unavailable')
    expect(took.peakMiB).toBeLessThan(300)
  })

  it('reads one file through 200 gateways that break off anywhere, and never a wrong byte', minutes(10), async () => {
    const dag = await fileDag(noise(3_000_000, 3))
    const car = carBytes([dag.root], inOrder(dag))
    let cut = 0
    await using breaking = await startTestGateway(async ({ query }, response, self) => {
      if (query.get('format') !== 'car') return void response.writeHead(503).end()
      response.writeHead(200, { 'content-type': carType })
      await send(self, response, car.subarray(0, cut))
      response.destroy()
    })
    await using right = await startTestGateway(honest(dag.blocks, () => dag.order))
    const { opened } = await import('../test/opened.ts')
    const { collect } = await import('@kit/core')
    for (let round = 0; round < 200; round++) {
      cut = Math.floor((car.byteLength * round) / 200)
      await using store = await opened([breaking.url, right.url])
      const { body } = await store.content.read(dag.root, {})
      expect(Buffer.compare(await collect(body), dag.bytes)).toBe(0)
    }
    console.log(`breaking off at 200 places: 200 of 200 whole, ${right.seen.length} requests to the other`)
  })
})
