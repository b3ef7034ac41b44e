import { describe, expect, it } from 'vitest'
import { errorCode } from '../../src/errors/index.ts'
import { comparePositions, openLog, readLog, type Position } from '../../src/log/index.ts'
import { beginning, bytesOf, filesIn, optionsIn, stateIn, temporaryFolder, textsIn } from './support.ts'

const codeOf = (work: Promise<unknown>): Promise<string | undefined> => work.then(() => 'success', errorCode)

describe('a log', () => {
  it('gives back what was appended, in its order, also when it is opened again', async () => {
    const options = optionsIn(temporaryFolder())
    const log = await openLog(options)
    const [one] = await log.append([bytesOf('one')])
    const [two, three] = await log.append([bytesOf('two'), [bytesOf('th'), bytesOf('ree')]])
    expect(await textsIn(log)).toEqual(['one', 'two', 'three'])
    await log.close()
    await using again = await openLog(options)
    expect(await textsIn(again)).toEqual(['one', 'two', 'three'])
    expect(again.last).toEqual(three)
    for (const [place, text] of [
      [one, 'one'],
      [two, 'two'],
      [three, 'three'],
    ] as const) {
      expect(Buffer.from(await again.read(place as Position)).toString()).toBe(text)
      const { segment, offset } = place as Position
      expect(Buffer.from(await again.read({ segment, offset })).toString()).toBe(text)
    }
    expect(await textsIn(again, one)).toEqual(['two', 'three'])
    expect(await textsIn(again, again.last)).toEqual([])
  })

  it('has empty records, and none of an empty batch', async () => {
    await using log = await openLog(optionsIn(temporaryFolder()))
    const [place] = await log.append([new Uint8Array(0)])
    expect(await log.append([])).toEqual([])
    expect(await log.read(place as Position)).toEqual(new Uint8Array(0))
    expect(await textsIn(log)).toEqual([''])
  })

  it('keeps calls made at the same time in the order of the calls', async () => {
    await using log = await openLog(optionsIn(temporaryFolder()))
    const texts = Array.from({ length: 5000 }, (_, index) => `${index}`)
    const places = (await Promise.all(texts.map((text) => log.append([bytesOf(text)])))).flat()
    expect(await textsIn(log)).toEqual(texts)
    expect(places.toSorted(comparePositions)).toEqual(places)
  })

  it('takes records of several MiB beside small ones, unchanged', async () => {
    const options = optionsIn(temporaryFolder(), { durable: 'process' })
    const large = Buffer.alloc(9 * 2 ** 20, 'large ones ')
    const log = await openLog(options)
    const places = (
      await Promise.all([log.append([bytesOf('a'), large]), log.append([[bytesOf('head'), large, bytesOf('tail')]])])
    ).flat()
    await log.close()
    await using again = await openLog(options)
    const read = await Promise.all(places.map((place) => again.read(place)))
    expect(read.map((bytes) => bytes.length)).toEqual([1, large.length, large.length + 8])
    expect(Buffer.from(read[1] ?? []).equals(large)).toBe(true)
    expect(
      Buffer.from(read[2] ?? [])
        .subarray(4, -4)
        .equals(large),
    ).toBe(true)
  })

  it('leaves the bytes to the caller when the append has settled', async () => {
    await using log = await openLog(optionsIn(temporaryFolder(), { durable: 'process' }))
    const pool = Buffer.alloc(64 * 1024)
    const places: Position[] = []
    for (let round = 0; round < 20; round++) {
      pool.fill(round)
      places.push(...(await log.append([pool])))
    }
    for (const [round, place] of places.entries())
      expect((await log.read(place)).every((byte) => byte === round)).toBe(true)
  })

  it('refuses a record that is too large before anything is written', async () => {
    await using log = await openLog(optionsIn(temporaryFolder()))
    const part = new Uint8Array(2 ** 28)
    expect(await codeOf(log.append([bytesOf('small'), [part, bytesOf('x')]]))).toBe('TooLarge')
    expect(await textsIn(log)).toEqual([])
  })

  it('goes on in a new segment at the size, with each batch in one', async () => {
    await using log = await openLog(optionsIn(temporaryFolder(), { segmentBytes: 4096 }))
    for (let round = 0; round < 30; round++) {
      const places = await log.append([Buffer.alloc(500), Buffer.alloc(500)])
      expect(new Set(places.map(({ segment }) => segment)).size).toBe(1)
    }
    expect(log.segments().length).toBeGreaterThan(5)
    expect(Math.max(...log.segments().map(({ bytes }) => bytes))).toBeLessThan(4096 + 1100)
    expect(await textsIn(log)).toHaveLength(60)
  })

  it('ends a segment when asked, but not an empty one', async () => {
    await using log = await openLog(optionsIn(temporaryFolder()))
    await log.rotate()
    expect(log.segments().map(({ id }) => id)).toEqual([1])
    await log.append([bytesOf('x')])
    await log.rotate()
    await log.rotate()
    expect(log.segments().map(({ id }) => id)).toEqual([1, 2])
    expect(log.last).toEqual({ segment: 2, offset: 0 })
  })

  it('refuses to begin where no record is, and to read one that is none', async () => {
    await using log = await openLog(optionsIn(temporaryFolder()))
    const [place] = (await log.append([bytesOf('a record')])) as [Position]
    expect(await codeOf(log.read({ ...place, offset: place.offset + 1 }))).toBe('Corrupt')
    expect(await codeOf(log.read({ ...place, offset: place.offset + 1000 }))).toBe('Corrupt')
    expect(await codeOf(log.read({ ...place, size: 7 }))).toBe('Corrupt')
    expect(await codeOf(log.read({ segment: 9, offset: 0 }))).toBe('NotFound')
    expect(await codeOf(textsIn(log, { ...place, offset: place.offset + 1 }))).toBe('Corrupt')
  })

  it('takes nothing after it is closed', async () => {
    const log = await openLog(optionsIn(temporaryFolder()))
    await log.close()
    await log.close()
    expect(await codeOf(log.append([bytesOf('x')]))).toBe('Aborted')
    expect(await codeOf(log.save(beginning, []))).toBe('Aborted')
  })

  it('waits at its end for what is under way', async () => {
    const options = optionsIn(temporaryFolder(), { durable: 'process' })
    const log = await openLog(options)
    const appends = Array.from({ length: 100 }, (_, index) => log.append([bytesOf(`${index}`)]))
    await log.close()
    await Promise.all(appends)
    await using again = await openLog(options)
    expect(await textsIn(again)).toHaveLength(100)
  })
})

describe('closing a log', () => {
  it('waits for a snapshot that is being saved', async () => {
    const options = optionsIn(temporaryFolder())
    const log = await openLog(options)
    await log.append([bytesOf('a')])
    const slow = async function* (): AsyncGenerator<Uint8Array> {
      await new Promise((resolve) => {
        setTimeout(resolve, 20)
      })
      yield bytesOf('state')
    }
    const saving = log.save(log.last, slow())
    await log.close()
    await saving
    await using again = await openLog(options)
    expect(await stateIn(again)).toBe('state')
  })
})

describe('a log of another kind', () => {
  it('is refused by name', async () => {
    const options = optionsIn(temporaryFolder())
    await (await openLog(options)).close()
    await expect(openLog({ ...options, format: 'other' })).rejects.toThrow(/InvalidConfig.*format test, not other/)
    await expect(readLog({ ...options, format: 'other' })).rejects.toThrow(/format test, not other/)
  })

  it('of a newer version is refused by name, of an older one goes on in a new segment', async () => {
    const options = optionsIn(temporaryFolder())
    const old = await openLog(options)
    await old.append([bytesOf('old')])
    await old.close()
    const log = await openLog({ ...options, version: 2 })
    expect(log.version).toBe(1)
    const [place] = await log.append([bytesOf('new')])
    expect(place?.segment).toBe(2)
    expect(await textsIn(log)).toEqual(['old', 'new'])
    await log.close()
    await expect(openLog(options)).rejects.toThrow(/Unsupported.*version 2 of test.*reads up to 1/)
    await expect(readLog(options)).rejects.toThrow(/version 2 of test/)
  })

  it('is none where there is none', async () => {
    expect(await codeOf(readLog(optionsIn(temporaryFolder())))).toBe('NotFound')
  })
})

describe('a snapshot', () => {
  it('is given back with what it covers, and only what came after is replayed', async () => {
    const options = optionsIn(temporaryFolder())
    const log = await openLog(options)
    await log.append([bytesOf('a'), bytesOf('b')])
    await log.save(log.last, [bytesOf('a'), bytesOf('b')])
    await log.append([bytesOf('c')])
    await log.close()
    await using again = await openLog(options)
    expect(await stateIn(again)).toBe('ab')
    expect(await textsIn(again)).toEqual(['c'])
    expect(await textsIn(again, beginning)).toEqual(['a', 'b', 'c'])
    await using reader = await readLog(options)
    expect(await stateIn(reader)).toBe('ab')
  })

  it('keeps two generations', async () => {
    const options = optionsIn(temporaryFolder())
    await using log = await openLog(options)
    for (const text of ['a', 'b', 'c']) {
      await log.append([bytesOf(text)])
      await log.save(log.last, [bytesOf(text)])
    }
    const names = filesIn(options).filter((name) => name.startsWith('snapshot'))
    expect(names).toEqual(['snapshot-0000000002', 'snapshot-0000000003'])
  })

  it('whose state fails to come leaves nothing behind', async () => {
    const options = optionsIn(temporaryFolder())
    await using log = await openLog(options)
    await log.append([bytesOf('a')])
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield bytesOf('half')
      throw new Error('no more')
    }
    await expect(log.save(log.last, failing())).rejects.toThrow('no more')
    expect(filesIn(options).filter((name) => name.startsWith('snapshot'))).toEqual([])
    await log.save(log.last, [bytesOf('whole')])
  })

  it('cannot cover what is not in the log', async () => {
    await using log = await openLog(optionsIn(temporaryFolder()))
    expect(await codeOf(log.save({ segment: 1, offset: 4000 }, []))).toBe('InvalidConfig')
    const [place] = (await log.append([bytesOf('abc'), bytesOf('d')])) as [Position]
    expect(await codeOf(log.save({ segment: 1, offset: place.offset + 1 }, []))).toBe('Corrupt')
  })

  it('drops what both kept ones cover, where the log is told to', async () => {
    const options = optionsIn(temporaryFolder(), { segmentBytes: 4096, dropCovered: true })
    const log = await openLog(options)
    let sum = 0
    for (let round = 0; round < 40; round++) {
      await log.append([Buffer.alloc(1000)])
      sum += 1000
      if (round % 4 === 3) await log.save(log.last, [bytesOf(`${sum}`)])
    }
    expect(log.segments().length).toBeLessThan(5)
    expect(log.segments()[0]?.id).toBeGreaterThan(4)
    expect(await codeOf(log.drop([1]))).toBe('Unsupported')
    await log.append([bytesOf('last')])
    await log.close()
    await using again = await openLog(options)
    expect(await stateIn(again)).toBe('40000')
    expect(await textsIn(again)).toEqual(['last'])
    expect(await codeOf(textsIn(again, beginning))).toBe('NotFound')
  })
})

describe('dropping segments', () => {
  it('removes them and what is in them for good, and nothing else', async () => {
    const options = optionsIn(temporaryFolder())
    const log = await openLog(options)
    const places: Position[] = []
    for (const text of ['a', 'b', 'c', 'd']) {
      places.push(...(await log.append([bytesOf(text)])))
      await log.rotate()
    }
    expect(await codeOf(log.drop([5]))).toBe('InvalidConfig')
    await log.drop([1, 3, 77])
    const check = async (): Promise<void> => {
      await using reader = await readLog(options)
      for (const one of [log, reader]) {
        expect(await textsIn(one)).toEqual(['b', 'd'])
        expect(one.segments().map(({ id }) => id)).toEqual([2, 4, 5])
        expect(await codeOf(one.read(places[0] as Position))).toBe('NotFound')
      }
    }
    await check()
    await log.close()
    await using again = await openLog(options)
    expect(await textsIn(again)).toEqual(['b', 'd'])
    expect(filesIn(options).filter((name) => name.startsWith('segment'))).toHaveLength(3)
    await again.append([bytesOf('e')])
    await again.drop([2])
    expect(await textsIn(again)).toEqual(['d', 'e'])
  })
})

describe('a log that is read while it is written', () => {
  it('shows a reader what was there, and after a refresh what came since', async () => {
    const options = optionsIn(temporaryFolder(), { segmentBytes: 4096 })
    await using log = await openLog(options)
    await log.append([bytesOf('a')])
    await using reader = await readLog(options)
    const seen: string[] = await textsIn(reader)
    for (let round = 0; round < 30; round++) {
      await log.append([bytesOf(`${round}`), Buffer.alloc(700, 'x')])
      if (round % 10 === 5)
        await log.drop(
          log
            .segments()
            .slice(0, -3)
            .map(({ id }) => id),
        )
      if (round % 3 > 0) continue
      const before = reader.last
      expect(await textsIn(reader, before)).toEqual([])
      await reader.refresh()
      seen.push(...(await textsIn(reader, before)))
    }
    const before = reader.last
    await reader.refresh()
    seen.push(...(await textsIn(reader, before)))
    const rounds = seen.filter((text) => /^\d+$/.test(text)).map(Number)
    expect(rounds).toEqual(Array.from({ length: 30 }, (_, round) => round))
  })

  it('lets a replay that has begun go on when its segments are dropped', async () => {
    await using log = await openLog(optionsIn(temporaryFolder()))
    for (const text of ['a', 'b', 'c']) {
      await log.append([bytesOf(text)])
      await log.rotate()
    }
    const seen: string[] = []
    for await (const records of log.replay()) {
      seen.push(...records.map(({ bytes }) => Buffer.from(bytes).toString()))
      await log.drop([1, 2])
    }
    expect(seen).toEqual(['a', 'c'])
  })
})
