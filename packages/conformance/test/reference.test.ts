import { describe, expect, it } from 'vitest'
import { conformance, type Subject } from '../src/index.ts'
import { leastSubject, readOnlySubject } from './reference/reduced.ts'
import { referenceSubject } from './reference/subject.ts'

const subjects: Record<string, Subject> = {
  'everything declared, keys alone': referenceSubject('flat'),
  'everything declared, keys alone, all stores on the same objects': referenceSubject('flat', { shared: true }),
  'everything declared, real directories': referenceSubject('tree'),
  'everything declared, real directories, all stores on the same objects': referenceSubject('tree', { shared: true }),
  'as little declared as can be, keys alone': leastSubject('flat'),
  'as little declared as can be, real directories': leastSubject('tree'),
  'nothing declared but reading': readOnlySubject(),
}

for (const [what, subject] of Object.entries(subjects)) {
  describe(`the reference backend: ${what}`, () => {
    for (const { name, run } of conformance(subject)) {
      // oxlint-disable-next-line vitest/valid-title -- the title is data
      it(name, async () => {
        await expect(run()).resolves.toBeUndefined()
      })
    }
  })
}
