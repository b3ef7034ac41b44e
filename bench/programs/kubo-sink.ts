// Takes what is added, keeps nothing, and answers `add` and `files/stat` as Kubo does. Tells its port to the process that started it.
import { createServer } from 'node:http'

/** Told of whatever was added. */
export const sinkCid = 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'

if (process.send !== undefined) {
  const server = createServer((request, response) => {
    request.on('data', () => undefined)
    request.on('end', () => {
      response.setHeader('content-type', 'application/json')
      const added = request.url?.startsWith('/api/v0/add?') === true
      const stat = { Hash: sinkCid, Size: 0, CumulativeSize: 0, Type: 'file' }
      response.end(`${JSON.stringify(added ? { Name: '', Hash: sinkCid, Size: '0' } : stat)}\n`)
    })
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object') process.send?.(address?.port)
  })
}
