import type { SeedObject } from '@kit/conformance'
import type { Kubo } from '@kit/test-servers'

/** Adds files below one directory and gives its CID; names are kept as they are. */
export async function addTree(
  kubo: Kubo,
  files: readonly { readonly path: string; readonly bytes: Uint8Array<ArrayBuffer> }[],
): Promise<string> {
  const form = new FormData()
  for (const { path, bytes } of files) form.append('file', new Blob([bytes]), encodeURIComponent(path))
  const how = 'cid-version=1&raw-leaves=true&chunker=size-262144&wrap-with-directory=true&pin=false'
  const answer = await fetch(`${kubo.api}/api/v0/add?${how}`, { method: 'POST', body: form })
  const lines = (await answer.text()).trim().split('\n')
  const { Hash }: { readonly Hash?: string } = JSON.parse(lines.at(-1) ?? '{}')
  if (Hash === undefined) throw new Error(`nothing was added: ${lines.join(' ')}`)
  return Hash
}

/** Puts objects where a gateway serves them: each in a tree of its own, whose root comes before its key. */
export async function seed(kubo: Kubo, objects: readonly SeedObject[]): Promise<string[]> {
  const keys: string[] = []
  for (const { key, bytes } of objects) keys.push(`${await addTree(kubo, [{ path: key, bytes }])}/${key}`)
  return keys
}
