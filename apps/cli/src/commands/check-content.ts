import { walkDag } from '@kit/content'
import { storageError } from '@kit/core'
import { parseAddress } from '../address.ts'
import { blockReader } from '../content/block-reader.ts'
import { cidAt, contentPlace } from '../content/content-place.ts'
import { embeddedStore, madeFolder } from '../content/embedded-store.ts'
import { withHint, type CommandResult } from '../outcome.ts'
import { countView } from '../progress.ts'
import { bytesText, countText } from '../quantities.ts'
import type { Session } from '../session.ts'

/** Reads a whole content store, or all that is below some content, and checks each block against its hash. Changes nothing. */
export async function checkContent(session: Session, target: string): Promise<CommandResult> {
  const whole = wholeStore(target)
  if (whole !== undefined) {
    await session.configured(whole, [])
    const found = await embeddedStore(await session.configuration(), whole)
    if (found !== undefined) return scrubStore(session, whole, await madeFolder(whole, found.path))
    const error = storageError('Unsupported', 'all of such a store cannot be checked by itself', { store: whole })
    throw withHint(error, 'Name content, NAME:/ipfs/CID, or a second place that it is compared with.')
  }
  return checkDag(session, target)
}

async function scrubStore(session: Session, name: string, path: string): Promise<CommandResult> {
  const { output, signal } = session
  const { scrub } = await import('@kit/backend-content')
  let done = { blocks: 0, bytes: 0, totalBlocks: 0, totalBytes: 0 }
  const show = countView(
    session,
    () =>
      `${countText(done.blocks, 'block')} of ${done.totalBlocks}  ·  ${bytesText(done.bytes)} of ${bytesText(done.totalBytes)}`,
  )
  const onProgress = (progress: typeof done): void => {
    done = progress
    show()
  }
  const { blocks, bytes, damages, lost } = await scrub({ path, signal, onProgress })
  output.status([])
  const failures: unknown[] = []
  for (const { cid, segment, offset, bytes: size, reason } of damages) {
    await output.lines([{ type: 'damage', cid, segment, offset, bytes: size, reason }])
    if (!output.json) await output.write(`! ${cid ?? `segment ${segment}, offset ${offset}`}\n`)
  }
  if (damages.length > 0) {
    const of = [
      ...(lost.pins.length > 0 ? [countText(lost.pins.length, 'pin')] : []),
      ...(lost.tree ? ['the newest version of the tree'] : []),
    ]
    const which = of.length === 0 ? 'nothing that is pinned or in the tree needs them' : `not whole: ${of.join(', ')}`
    const error = storageError('Corrupt', `${countText(damages.length, 'block')} of ${blocks} damaged; ${which}`, {
      store: name,
    })
    failures.push(
      withHint(error, 'Put them again, by `kit add` of the same files or `kit car import`: that mends them.'),
    )
  } else output.note(`sound: ${countText(blocks, 'block')}, ${bytesText(bytes)}\n`)
  return { fields: { sound: damages.length === 0, blocks, bytes, damages: damages.length, lost }, failures }
}

async function checkDag(session: Session, target: string): Promise<CommandResult> {
  const { output, signal } = session
  const place = await contentPlace(session, target, { needs: ['blocks'] })
  const cid = await cidAt(session, place)
  let blocks = 0
  let bytes = 0
  const sums = (): string => `${countText(blocks, 'block')}, ${bytesText(bytes)}`
  const show = countView(session, sums)
  for await (const block of walkDag(blockReader(place.store, session.call), cid, { signal })) {
    blocks++
    bytes += block.bytes.byteLength
    show()
  }
  output.status([])
  output.note(`sound: ${sums()}\n`)
  return { fields: { sound: true, cid, blocks, bytes } }
}

/** The store that is meant as a whole. */
function wholeStore(target: string): string | undefined {
  const address = parseAddress(target)
  return address.kind === 'store' && address.path === '' ? address.store : undefined
}
