import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Bytes } from '@kit/core'
import { encodeNode, parseCid } from '@kit/content'
import type { Certificate } from '@kit/test-servers'

/** A request as the gateway saw it. */
export interface Seen {
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
}

/** What a gateway of a test does with a request. It ends the response, or lets it stand. */
export type Behaviour = (seen: Seen, response: ServerResponse, gateway: TestGateway) => void | Promise<void>

/** A gateway on loopback that does whatever a test wants. */
export interface TestGateway extends AsyncDisposable {
  readonly url: string
  readonly seen: Seen[]
  /** Bytes of bodies that it has tried to send. */
  sentBytes: number
  /** Requests whose connection is still open. */
  open(): number
}

export async function startTestGateway(behave: Behaviour, tls?: Certificate): Promise<TestGateway> {
  const seen: Seen[] = []
  const open = new Set<ServerResponse>()
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    open.add(response)
    response.on('close', () => open.delete(response))
    response.on('error', () => {})
    const url = new URL(request.url ?? '/', 'http://gateway')
    const one: Seen = { path: decodeURIComponent(url.pathname), query: url.searchParams, headers: request.headers }
    seen.push(one)
    void Promise.resolve(behave(one, response, gateway)).catch(() => response.destroy())
  }
  const server =
    tls === undefined ? createServer(answer) : createTlsServer({ key: tls.key, cert: tls.certificate }, answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const gateway: TestGateway = {
    url: tls === undefined ? `http://127.0.0.1:${address.port}` : `https://localhost:${address.port}`,
    seen,
    sentBytes: 0,
    open: () => open.size,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return gateway
}

/** Writes with back-pressure; false once the client has gone. */
export async function send(gateway: TestGateway, response: ServerResponse, bytes: Uint8Array): Promise<boolean> {
  if (response.destroyed) return false
  gateway.sentBytes += bytes.byteLength
  if (!response.write(bytes)) {
    await new Promise<void>((resolve) => {
      const go = (): void => {
        response.off('drain', go).off('close', go)
        resolve()
      }
      response.on('drain', go).on('close', go)
    })
  }
  return !response.destroyed
}

export interface Block {
  readonly cid: string
  readonly bytes: Bytes
}

/** A block of raw bytes. */
export function rawBlock(bytes: Uint8Array): Block {
  return encodeNode('raw', bytes)
}

/** Blocks by CID. */
export function blockMap(blocks: readonly Block[]): Map<string, Bytes> {
  return new Map(blocks.map(({ cid, bytes }) => [cid, bytes]))
}

export const carType = 'application/vnd.ipld.car;version=1;order=dfs;dups=y'

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))]
}

/** A block as a CAR holds it, whether it is right or not. */
export function carFrame({ cid, bytes }: Block): Buffer {
  const name = parseCid(cid).bytes
  return Buffer.concat([Uint8Array.from(varint(name.byteLength + bytes.byteLength)), name, bytes])
}

/** A whole CAR as bytes, its blocks in the order given and not checked. */
export function carBytes(roots: readonly string[], blocks: readonly Block[]): Buffer {
  const header = encodeNode('dag-cbor', { version: 1, roots: roots.map((root) => ({ '/': root })) }).bytes
  return Buffer.concat([Uint8Array.from(varint(header.byteLength)), header, ...blocks.map(carFrame)])
}

/** An honest gateway over a few blocks: raw blocks, and CARs of all the blocks that `carOf` names, in that order. */
export function honest(blocks: ReadonlyMap<string, Bytes>, carOf?: (path: string) => readonly string[]): Behaviour {
  return async ({ path, query }, response, gateway) => {
    const [, , root = '', ...rest] = path.split('/')
    if (root === 'bafkqaaa') return void response.end()
    if (query.get('format') === 'raw') {
      const bytes = blocks.get(root)
      if (bytes === undefined) return void response.writeHead(404).end('not found')
      response.writeHead(200, { 'content-type': 'application/vnd.ipld.raw', 'content-length': bytes.byteLength })
      gateway.sentBytes += bytes.byteLength
      return void response.end(bytes)
    }
    if (query.get('format') !== 'car' || carOf === undefined) return void response.writeHead(406).end('no such format')
    const cids = carOf([root, ...rest].join('/'))
    const chosen = cids.map((cid) => ({ cid, bytes: blocks.get(cid) ?? new Uint8Array() }))
    response.writeHead(200, { 'content-type': carType })
    response.end(carBytes([root], chosen))
  }
}
