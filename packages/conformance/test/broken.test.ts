import { describe, expect, it } from 'vitest'
import { runConformance } from '../src/index.ts'
import { attributes } from './breaks/attributes.ts'
import type { Broken } from './breaks/broken.ts'
import { changing } from './breaks/changing.ts'
import { groups } from './breaks/groups.ts'
import { listing } from './breaks/listing.ts'
import { reading } from './breaks/reading.ts'
import { uploads } from './breaks/uploads.ts'
import { whole } from './breaks/whole.ts'
import { writing } from './breaks/writing.ts'
import { referenceSubject } from './reference/subject.ts'

const all: readonly Broken[] = [
  ...writing,
  ...attributes,
  ...reading,
  ...listing,
  ...changing,
  ...groups,
  ...uploads,
  ...whole,
]

describe('the suite notices a backend of which', () => {
  for (const { name: what, shape = 'flat', shared, breaks, subject, caughtBy } of all) {
    // oxlint-disable-next-line vitest/valid-title -- the title is data
    it(what, async () => {
      const broken = referenceSubject(shape, { ...(breaks && { breaks }), ...(shared && { shared }) })
      const report = await runConformance(subject?.(broken) ?? broken, { only: caughtBy })
      const messages = report.failed.map(({ name, error }) => `${name}: ${String(error)}`)
      expect(messages, `passed: ${report.passed.join('; ')}`).not.toEqual([])
      for (const message of messages) expect(message).toContain('broken rule — ')
    })
  }
})

describe('the suite finds nothing wrong with the unbroken backend by the cases that notice', () => {
  for (const { name: what, shape = 'flat', shared, caughtBy } of all) {
    // oxlint-disable-next-line vitest/valid-title -- the title is data
    it(what, async () => {
      const { failed, passed } = await runConformance(referenceSubject(shape, { ...(shared && { shared }) }), {
        only: caughtBy,
      })
      expect(failed.map(({ name, error }) => `${name}: ${String(error)}`)).toEqual([])
      expect(passed.length).toBeGreaterThan(0)
    })
  }
})

describe('the broken backends', () => {
  it('are a hundred and more, no two of them alike', () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
    expect(all.length).toBeGreaterThanOrEqual(100)
  })
})
