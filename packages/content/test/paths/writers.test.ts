import { storageError } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { allOf, codeOf, context, site } from './subject.ts'

const eight = Array.from({ length: 8 }, (_, index) => index)

describe('writers of one tree', () => {
  it('to different paths all win, in one program and in several', async () => {
    const { open, refs } = site()
    const programs = [open({ keep: { last: 1000 } }), open(), open()]
    const writer = async (number: number): Promise<void> => {
      for (let index = 0; index < 20; index++) {
        await programs[number % 3]?.write(`d${index % 3}/w${number}-${index}`, `${number} ${index}`)
      }
    }
    await Promise.all(eight.map(writer))
    const all = await open().all()
    expect(all.size).toBe(160)
    expect(all.get('d1/w7-19')).toBe('7 19')
    expect(await allOf(programs[0]?.tree.history(context) ?? [])).toHaveLength(refs.swaps)
  })

  it('to the same path with `ifMatch` lose no update', async () => {
    const { open } = site()
    const programs = [open(), open()]
    await programs[0]?.write('counter', '0')
    let refused = 0
    const writer = async (number: number): Promise<void> => {
      const program = programs[number % 2] ?? open()
      for (let done = 0; done < 10;) {
        const ifMatch = await program.etag('counter')
        const value = Number(await program.read('counter'))
        // What was read may be newer than the etag: then the condition fails.
        const code = await codeOf(program.write('counter', `${value + 1}`, { ifMatch }))
        if (code === 'success') done++
        else {
          expect(code).toBe('ConditionFailed')
          refused++
        }
      }
    }
    await Promise.all(eight.map(writer))
    expect(await open().read('counter')).toBe('80')
    expect(refused).toBeGreaterThan(0)
  })

  it('to the same new path with `ifAbsent`: one wins', async () => {
    const { open } = site()
    const codes = await Promise.all(eight.map((number) => codeOf(open().write('new', `${number}`, { ifAbsent: true }))))
    expect(codes.toSorted()).toEqual([...Array<string>(7).fill('AlreadyExists'), 'success'])
  })

  it('at the same time share a commit', async () => {
    const { open, refs, blocks } = site()
    const { write, tree } = open()
    await write('first', 'x')
    blocks.writes.length = 0
    await Promise.all(Array.from({ length: 100 }, (_, index) => write(`many/${index}`, `${index}`)))
    expect(refs.swaps).toBeLessThanOrEqual(4)
    // Of the directories only those of the commits were made, not one for each write.
    expect(blocks.writes.filter((cid) => cid.startsWith('bafy')).length).toBeLessThanOrEqual(12)
    expect(await allOf(tree.history(context))).toHaveLength(refs.swaps)
  })

  it('to one path at the same time are a version each', async () => {
    const { open } = site()
    const { write, tree } = open()
    await Promise.all(eight.map((number) => write('same', `${number}`)))
    const versions = (await allOf(tree.versions?.(context, 'same' as never) ?? [])).flatMap(({ entries }) => entries)
    expect(new Set(versions.map(({ cid }) => cid)).size).toBe(8)
  })
})

describe('a commit of somebody else in between', () => {
  it('at another path changes nothing for a writer, with and without a condition', async () => {
    const { open, refs } = site()
    const [one, other] = [open(), open()]
    const etag = await one.write('a', '1')
    for (const [key, options] of [
      ['a', { ifMatch: etag }],
      ['new', { ifAbsent: true }],
      ['any', {}],
    ] as const) {
      refs.before = async () => {
        delete refs.before
        await other.write(`beside ${key}`, 'x')
      }
      await one.write(key, `written ${key}`, options)
      expect(await open().read(key)).toBe(`written ${key}`)
      expect(await open().read(`beside ${key}`)).toBe('x')
    }
  })

  it('at the same path fails a condition, and only that: the rest of the group is committed', async () => {
    const { open, refs } = site()
    const [one, other] = [open(), open()]
    const etag = await one.write('a', '1')
    refs.before = async () => {
      delete refs.before
      await other.write('a', 'theirs')
      await other.write('new', 'theirs')
    }
    const codes = await Promise.all([
      codeOf(one.write('a', 'mine', { ifMatch: etag })),
      codeOf(one.write('new', 'mine', { ifAbsent: true })),
      codeOf(one.write('free', 'mine', { ifAbsent: true })),
    ])
    expect(codes).toEqual(['ConditionFailed', 'AlreadyExists', 'success'])
    expect(await other.all()).toEqual(
      new Map([
        ['a', 'theirs'],
        ['new', 'theirs'],
        ['free', 'mine'],
      ]),
    )
  })

  it('is seen before a condition fails: what one program remembers may be old', async () => {
    const { open } = site()
    const [one, other] = [open(), open()]
    await one.write('a', '1')
    const etag = await other.write('a', '2')
    await other.write('b', '2')
    expect(await codeOf(one.write('a', '3', { ifMatch: etag }))).toBe('success')
    await other.remove('b')
    expect(await codeOf(one.write('b', '3', { ifAbsent: true }))).toBe('success')
    await other.remove('a')
    expect(await codeOf(one.write('a', '4', { ifAbsent: true }))).toBe('success')
  })

  it('again and again ends in Conflict, and nothing is written', async () => {
    const { open, refs } = site()
    const [one, other] = [open(), open()]
    let count = 0
    let inside = false
    refs.before = async () => {
      if (inside) return
      inside = true
      await other.write('theirs', `${count++}`)
      inside = false
    }
    await expect(one.write('mine', 'x')).rejects.toMatchObject({ code: 'Conflict', applied: 'no' })
    delete refs.before
    expect(await one.read('mine')).toBe('NotFound')
  }, 30_000)
})

describe('a swap whose answer is lost', () => {
  const lost = storageError('Unavailable', 'the answer was lost', { applied: 'maybe' })

  it('is a success where it was made, though others have committed since', async () => {
    for (const since of [0, 3]) {
      const { open, refs } = site()
      const [one, other] = [open(), open()]
      refs.after = async () => {
        delete refs.after
        for (let index = 0; index < since; index++) await other.write(`since ${index}`, 'x')
        throw lost
      }
      expect(await codeOf(one.write('a', '1', { ifAbsent: true }))).toBe('success')
      expect(await other.read('a')).toBe('1')
      expect(refs.swaps).toBe(1 + since)
    }
  })

  it('is made again on the new tree where it was not made and others have committed', async () => {
    const { open, refs } = site()
    const [one, other] = [open(), open()]
    refs.before = async () => {
      delete refs.before
      await other.write('theirs', 'x')
      throw lost
    }
    expect(await codeOf(one.write('a', '1', { ifAbsent: true }))).toBe('success')
    expect(await other.all()).toEqual(
      new Map([
        ['theirs', 'x'],
        ['a', '1'],
      ]),
    )
  })

  it('may have happened where nothing tells, and the next write finds out', async () => {
    const { open, refs } = site()
    const one = open()
    refs.before = () => {
      delete refs.before
      throw lost
    }
    await expect(one.write('a', '1')).rejects.toMatchObject({ code: 'Unavailable', applied: 'maybe' })
    expect(await codeOf(one.write('a', '2', { ifAbsent: true }))).toBe('success')
  })
})

describe('a writer that gives up', () => {
  it('before its turn changes nothing; the others go on', async () => {
    const { open, refs } = site()
    const one = open()
    const controller = new AbortController()
    let given: Promise<string> | undefined
    refs.before = async () => {
      delete refs.before
      given = codeOf(one.write('given up', 'x', { signal: controller.signal }))
      await new Promise((resolve) => setTimeout(resolve, 20))
      controller.abort()
    }
    await one.write('a', '1')
    expect(await given).toBe('Aborted')
    await one.write('b', '2')
    expect(await one.all()).toEqual(
      new Map([
        ['a', '1'],
        ['b', '2'],
      ]),
    )
  })

  it('during its commit is told that it may have happened', async () => {
    const { open, refs } = site()
    const one = open()
    const controller = new AbortController()
    refs.before = () => controller.abort()
    await expect(one.write('a', '1', { signal: controller.signal })).rejects.toMatchObject({
      code: 'Aborted',
      applied: 'maybe',
    })
  })

  it('with the store, when that is closed', async () => {
    const { open, refs } = site()
    const one = open()
    refs.before = () => new Promise((resolve) => setTimeout(resolve, 20))
    const writes = eight.map((number) => codeOf(one.write('same', `${number}`)))
    await new Promise((resolve) => setTimeout(resolve, 5))
    await one.tree.close?.()
    const codes = await Promise.all(writes)
    expect(codes.filter((code) => code === 'Aborted').length).toBeGreaterThanOrEqual(6)
    expect(await codeOf(one.write('late', 'x'))).toBe('Aborted')
  })
})
