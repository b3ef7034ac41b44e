import { describe, expect, it } from 'vitest'
import { recentBlocks } from '../src/recent-blocks.ts'
import { rawBlock } from './hostile-gateway.ts'

const block = (text: string): ReturnType<typeof rawBlock> => rawBlock(new TextEncoder().encode(text))

describe('blocks that were passed by', () => {
  it('are the newest that fit', () => {
    const recent = recentBlocks(10)
    const [one, two, three] = [block('1111'), block('2222'), block('3333')]
    for (const { cid, bytes } of [one, two, one, three]) recent.add(cid, bytes)
    expect([one, two, three].map(({ cid, bytes }) => recent.get(cid) === bytes)).toEqual([true, false, true])
  })

  it('are not given again once somebody has changed their bytes', () => {
    const recent = recentBlocks(100)
    const { cid, bytes } = block('as it was')
    recent.add(cid, bytes)
    expect(recent.get(cid)).toBe(bytes)
    bytes[0] = 0
    expect(recent.get(cid)).toBeUndefined()
  })
})
