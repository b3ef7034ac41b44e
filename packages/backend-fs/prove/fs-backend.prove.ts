import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkCrashStates } from '../test/crash-check.ts'
import { failingFiles } from '../test/failing-files.ts'
import { killed, run, start } from '../test/processes/run.ts'
import { runScript, script, uploadScript, valueOf } from '../test/script.ts'
import { context, leftOver, methods, openBelow, openStore, source, temporaryRoot } from '../test/support.ts'

const minutes = (count: number): { timeout: number } => ({ timeout: count * 60_000 })

describe('the filesystem backend', () => {
  it('lets exactly one of 50 racing writers of 4 processes win, 200 times', minutes(5), async () => {
    const root = temporaryRoot()
    const wins = await Promise.all([13, 13, 12, 12].map((writers) => run('create', root, '200', `${writers}`)))
    const won = wins.reduce((sum, text) => sum + Number(text), 0)
    console.log(`create-only: ${won} winners in 200 rounds of 50 writers`)
    expect(won).toBe(200)
    expect(leftOver(root)).toEqual([])
    rmSync(root, { recursive: true })
  })

  it('loses none of 2,000 increments of 4 processes', minutes(10), async () => {
    const root = temporaryRoot()
    writeFileSync(join(root, 'x'), '0')
    const begun = performance.now()
    await Promise.all([1, 2, 3, 4].map(() => run('increment', root, 'x', '500', '5')))
    const value = readFileSync(join(root, 'x'), 'utf8')
    console.log(`compare-and-swap: ${value} of 2000 increments kept, ${Math.round(performance.now() - begun)} ms`)
    expect(value).toBe('2000')
    rmSync(root, { recursive: true })
  })

  it('keeps the old value or the new one through 50 kills of a writer', minutes(10), async () => {
    const size = 1_000_000
    for (let point = 0; point < 50; point++) {
      const root = temporaryRoot()
      mkdirSync(join(root, 'd'))
      writeFileSync(join(root, 'd/x'), Buffer.alloc(size, 65))
      await killed(start('write-on', root, `${size}`), point * 5)
      await using store = openStore({ path: root })
      const text = await store.get('d/x')
      expect([65, 66].map((code) => String.fromCharCode(code).repeat(size))).toContain(text)
      await store.put('another', '')
      expect(leftOver(root)).toEqual([])
      rmSync(root, { recursive: true })
    }
    console.log('kill -9: 50 of 50 left a whole value and nothing else')
  })

  it(
    'goes on with uploads after 50 kills of an uploader, no part lost that was told, none counted in part',
    minutes(10),
    async () => {
      const [parts, size] = [8, 500_000]
      const whole = Array.from({ length: parts }, (_, index) => String.fromCharCode(65 + index).repeat(size)).join('')
      let resumed = 0
      let kept = 0
      for (let point = 0; point < 50; point++) {
        const root = temporaryRoot()
        await killed(start('upload-on', root, `${parts}`, `${size}`), point * 3)
        await using store = openStore({ path: root, partBytes: size })
        const { upload } = methods(store.backend)
        if (upload?.list === undefined) throw new Error('no uploads')
        const there = await store.get('d/x').catch(() => undefined)
        expect(there === undefined || there === whole, `the object after the kill at ${point}`).toBe(true)
        for await (const token of upload.list(context())) {
          const told = new Set((await upload.parts(context(), token)).map(({ number }) => number))
          resumed++
          kept += told.size
          for (let number = 1; number <= parts; number++) {
            if (told.has(number)) continue
            await upload.part(context(), token, number, source(new Uint8Array(size).fill(64 + number)))
          }
          await upload.finish(context(), token)
          expect((await store.get('d/x')) === whole, `the object gone on with after ${point}`).toBe(true)
        }
        // Whoever writes next sweeps what the dead have left.
        await store.put('another', '')
        expect(leftOver(root)).toEqual([])
        rmSync(root, { recursive: true })
      }
      console.log(`uploads: ${resumed} gone on with after 50 kills, ${kept} parts not sent again`)
      expect(resumed).toBeGreaterThan(0)
    },
  )

  it('holds in 1,000 states after power cuts', minutes(20), async () => {
    console.log(`power cuts: ${await checkCrashStates(true, 11, 1000)} states with fsync`)
    console.log(`power cuts: ${await checkCrashStates(false, 12, 300)} states without`)
  })

  it('holds with every operation failing once, by every error', minutes(20), async () => {
    for (const fsync of [false, true]) {
      for (const code of ['EIO', 'ENOSPC', 'EACCES', 'EMFILE', 'EROFS']) {
        let operations = Number.POSITIVE_INFINITY
        for (let n = 1; n <= operations + 5; n++) {
          const root = temporaryRoot()
          const { files, count, failed } = failingFiles(n, code)
          const store = openStore({ path: root, files, fsync })
          const { allowed } = await runScript(store, [...script, ...uploadScript])
          if (n === 1) operations = count()
          await methods(store.backend).close()
          expect([openBelow(root), leftOver(root)], `${code} at ${n}, ${failed()}`).toEqual([[], []])
          await using again = openStore({ path: root })
          for (const [name, values] of allowed)
            expect(values.has(await valueOf(again, name)), `${code} at ${n}`).toBe(true)
          rmSync(root, { recursive: true })
        }
        console.log(`faults: ${operations + 5} runs with ${code}${fsync ? ' and fsync' : ''}`)
      }
    }
  })

  it('sees no part of an object that is written over 2,000 times', minutes(10), async () => {
    await using store = openStore()
    const values = [65, 66].map((value) => new Uint8Array(4 * 1024 * 1024).fill(value))
    const [first = new Uint8Array()] = values
    await store.put('d/x', first)
    const state = { writing: true, reads: 0, torn: 0 }
    const readers = [1, 2].map(async () => {
      while (state.writing) {
        const text = await store.get('d/x')
        state.reads++
        if (text !== text.charAt(0).repeat(first.length)) state.torn++
      }
    })
    for (let round = 0; round < 2000; round++) await store.put('d/x', values[round % 2] ?? first)
    state.writing = false
    await Promise.all(readers)
    console.log(`overwriting: ${state.torn} torn of ${state.reads} reads`)
    expect(state.torn).toBe(0)
  })
})
