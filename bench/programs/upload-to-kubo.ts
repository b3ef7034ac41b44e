// Uploads so many bytes to a Kubo daemon: `upload-to-kubo.ts kit|kubo-rpc-client API BYTES`. Each side loads only its own.
const chunkBytes = 2 ** 20
const [side, url = '', bytes] = process.argv.slice(2)
if (side === 'kit') {
  const [{ ipfs }, { openStore }] = await Promise.all([import('@kit/backend-ipfs'), import('@kit/core')])
  await using store = await openStore(ipfs({ url }))
  await store.content.put({ open: () => chunksOf(Number(bytes)) }, { profile: 'unixfs-v1-2025' })
} else if (side === 'kubo-rpc-client') {
  const { create } = await import('kubo-rpc-client')
  await create({ url }).add(chunksOf(Number(bytes)), { cidVersion: 1, chunker: 'size-1048576', pin: false })
}

/** Each chunk new, as from a network, and no two alike. */
export async function* chunksOf(bytes: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes; at += chunkBytes) {
    const chunk = new Uint8Array(chunkBytes)
    new DataView(chunk.buffer).setUint32(0, at)
    yield chunk
  }
}
