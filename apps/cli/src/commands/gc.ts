import { givenUp, type CommandResult } from '../outcome.ts'
import { countView } from '../progress.ts'
import { bytesText, countText } from '../quantities.ts'
import type { Session } from '../session.ts'

export interface CollectOptions {
  readonly store?: string
}

/** Takes away the blocks that nothing needs, and tells each. */
export async function gc(session: Session, options: CollectOptions): Promise<CommandResult> {
  const { output, call, signal } = session
  const { store } = await session.configured(options.store, ['blocks', 'pins', 'write'])
  let blocks = 0
  let bytes: number | undefined = 0
  const sums = (): string => `${countText(blocks, 'block')}${bytes === undefined ? '' : `, ${bytesText(bytes)}`}`
  const show = countView(session, sums)
  try {
    for await (const { cid, bytes: size } of store.blocks.collect(call)) {
      blocks++
      bytes = bytes === undefined || size === undefined ? undefined : bytes + size
      show()
      await output.lines([{ type: 'collected', cid, bytes: size }])
      if (!output.json) await output.write(`${cid}\n`)
    }
  } catch (error) {
    throw signal.aborted ? givenUp(signal, true) : error
  }
  output.status([])
  output.note(`collected ${sums()}\n`)
  return { fields: { blocks, bytes } }
}
