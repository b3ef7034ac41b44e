// Writes every part of an upload, full of one letter, several times over, in an order of its own.
import type { UploadToken } from '@kit/core'
import { context, methods, openStore, stream } from '../support.ts'

const [, , root = '', text = '', letter = '', parts = '1', rounds = '1'] = process.argv
const token = JSON.parse(text) as UploadToken
await using store = openStore({ path: root })
const { upload } = methods(store.backend)
if (upload === undefined) throw new Error('no uploads')
const numbers = Array.from({ length: Number(parts) }, (_, index) => index + 1)
for (let round = 0; round < Number(rounds); round++) {
  const order = numbers.toSorted(() => Math.random() - 0.5)
  await Promise.all(
    order.map((number) => upload.part(context(), token, number, stream([letter.repeat(400), letter.repeat(600)]))),
  )
}
