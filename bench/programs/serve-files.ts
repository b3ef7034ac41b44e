// What a Node program does that serves a folder with node:http alone: GET and PUT of files by streams, and one answer from memory.
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

const [folder = '.', memoryBytes = '4096'] = process.argv.slice(2)
const fromMemory = Buffer.alloc(Number(memoryBytes), 7)
let uploads = 0

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.destroy())
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`listening on http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/memory') {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': fromMemory.length })
    response.end(fromMemory)
    return
  }
  const path = join(folder, request.url ?? '')
  if (request.method === 'PUT') {
    // As Kit promises it: nobody sees a part.
    const temporary = `${path}.${++uploads}`
    await pipeline(request, createWriteStream(temporary))
    await rename(temporary, path)
    response.writeHead(201, { 'content-length': 0 })
    response.end()
    return
  }
  const { size } = await stat(path)
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': size })
  await pipeline(createReadStream(path), response)
}
