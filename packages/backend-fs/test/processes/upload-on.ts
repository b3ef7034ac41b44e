// Uploads the same parts again and again, two at a time, and finishes each upload, until it is killed. Prints a line when it has begun.
import { context, key, methods, openStore, source } from '../support.ts'

const [, , root = '', parts = '1', size = '1'] = process.argv
const partBytes = Number(size)
await using store = openStore({ path: root, partBytes })
const { upload } = methods(store.backend)
if (upload === undefined) throw new Error('no uploads')
const numbers = Array.from({ length: Number(parts) }, (_, index) => index + 1)
process.stdout.write('begun\n')
for (;;) {
  const token = await upload.start(context(), key('d/x'), { sourceVersion: 'v' })
  for (let at = 0; at < numbers.length; at += 2) {
    await Promise.all(
      numbers.slice(at, at + 2).map((number) => {
        const bytes = new Uint8Array(partBytes).fill(64 + number)
        return upload.part(context(), token, number, source(bytes))
      }),
    )
  }
  await upload.finish(context(), token)
}
