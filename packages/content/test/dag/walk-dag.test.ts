import fc from 'fast-check'
import { errorCode } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { cidFromBytes, cidOf } from '../../src/cid/index.ts'
import { encodeNode } from '../../src/codecs/index.ts'
import { type DagLimits, walkDag } from '../../src/dag/index.ts'
import { memoryBlocks, type MemoryBlocks, never, patternBytes } from '../memory-blocks.ts'

const signal = never

function put(blocks: MemoryBlocks, children: readonly string[], salt: unknown = null): string {
  const { cid, bytes } = encodeNode('dag-cbor', [salt, ...children.map((child) => ({ '/': child }))])
  blocks.blocks.set(cid, bytes)
  return cid
}

async function walked(blocks: MemoryBlocks, root: string, limits?: DagLimits): Promise<string[]> {
  const cids: string[] = []
  for await (const { cid } of walkDag(blocks, root, { signal }, { limits })) cids.push(cid)
  return cids
}

describe('walkDag', () => {
  it('gives each block once, depth first, in the order of the links', async () => {
    // Node n links to nodes before it, so there is no circle.
    const shapes = fc.array(fc.array(fc.nat(), { maxLength: 6 }), { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(shapes, async (shape) => {
        const blocks = memoryBlocks()
        const nodes: { readonly cid: string; readonly children: readonly string[] }[] = []
        for (const [index, links] of shape.entries()) {
          const children = index === 0 ? [] : links.map((link) => nodes[link % index]?.cid ?? '')
          nodes.push({ cid: put(blocks, children, index), children })
        }
        const childrenOf = new Map(nodes.map(({ cid, children }) => [cid, children]))
        const expected = new Set<string>()
        const visit = (cid: string): void => {
          if (expected.has(cid)) return
          expected.add(cid)
          for (const child of childrenOf.get(cid) ?? []) visit(child)
        }
        const root = nodes.at(-1)?.cid ?? ''
        visit(root)
        expect(await walked(blocks, root)).toEqual([...expected])
      }),
    )
  })

  it('ends soon in a DAG with more ways through it than there are atoms', async () => {
    const blocks = memoryBlocks()
    let root = put(blocks, [])
    for (let level = 0; level < 60; level++)
      root = put(
        blocks,
        Array.from({ length: 1000 }, () => root),
        level,
      )
    expect(await walked(blocks, root)).toHaveLength(61)
    expect(blocks.reads.length).toBeLessThan(200)
  })

  it.each<[string, DagLimits, (blocks: MemoryBlocks) => string]>([
    [
      'too deep',
      { depth: 20 },
      (blocks) => {
        let root = put(blocks, [])
        for (let level = 0; level < 20; level++) root = put(blocks, [root], level)
        return root
      },
    ],
    [
      'too wide',
      { links: 100 },
      (blocks) =>
        put(
          blocks,
          Array.from({ length: 101 }, (_, index) => cidOf('raw', patternBytes(3, index))),
        ),
    ],
    [
      'too large',
      { blocks: 10 },
      (blocks) =>
        put(
          blocks,
          Array.from({ length: 10 }, (_, index) => put(blocks, [], index)),
        ),
    ],
    [
      'deeper than the limit that holds without one',
      {},
      (blocks) => {
        let root = put(blocks, [])
        for (let level = 0; level < 64; level++) root = put(blocks, [root], level)
        return root
      },
    ],
  ])('is TooLarge where the DAG is %s', async (_what, limits, make) => {
    const blocks = memoryBlocks()
    const error = await walked(blocks, make(blocks), limits).catch((reason: unknown) => reason)
    expect(errorCode(error)).toBe('TooLarge')
  })

  it('is Corrupt for a changed block, NotFound for a missing one, Unsupported where nobody can tell the links', async () => {
    const blocks = memoryBlocks()
    const child = put(blocks, [])
    const root = put(blocks, [child], 'root')
    blocks.blocks.delete(child)
    expect(errorCode(await walked(blocks, root).catch((reason: unknown) => reason))).toBe('NotFound')
    blocks.blocks.set(child, patternBytes(3))
    expect(errorCode(await walked(blocks, root).catch((reason: unknown) => reason))).toBe('Corrupt')
    const identity = cidFromBytes(Uint8Array.of(1, 0x51, 0, 1, 0xa0)).text
    expect(errorCode(await walked(blocks, identity).catch((reason: unknown) => reason))).toBe('Unsupported')
  })
})
