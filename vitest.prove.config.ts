import { defineConfig } from 'vitest/config'

/** The heavy proofs, started by scripts/prove.ts: one file at a time, so that each has the machine to itself. */
export default defineConfig({
  resolve: { conditions: ['@kit/source'] },
  ssr: { resolve: { conditions: ['@kit/source'] } },
  test: {
    include: ['{packages,apps}/*/prove/**/*.prove.ts'],
    reporters: ['default', './scripts/count-reporter.ts'],
    disableConsoleIntercept: true,
    fileParallelism: false,
    hookTimeout: 10 * 60_000,
    testTimeout: 60 * 60_000,
  },
})
