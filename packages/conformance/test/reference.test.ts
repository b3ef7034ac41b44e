import { describe, expect, it } from 'vitest'
import { conformance, type Subject } from '../src/index.ts'
import { referenceSubject } from './reference/subject.ts'

const subjects: Record<string, Subject> = {
  'keys alone': referenceSubject('flat'),
  'keys alone, all stores on the same objects': referenceSubject('flat', { shared: true }),
  'real directories': referenceSubject('tree'),
  'real directories, all stores on the same objects': referenceSubject('tree', { shared: true }),
}

for (const [what, subject] of Object.entries(subjects)) {
  describe(`the reference backend, which declares everything, with ${what}`, () => {
    for (const { name, run } of conformance(subject)) {
      // oxlint-disable-next-line vitest/valid-title -- the title is data
      it(name, async () => {
        await expect(run()).resolves.toBeUndefined()
      })
    }
  })
}
