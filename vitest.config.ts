import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@kit/source'] },
  ssr: { resolve: { conditions: ['@kit/source'] } },
  test: {
    reporters: ['default', './scripts/count-reporter.ts'],
    testTimeout: 30_000,
    // A server may have to be fetched and built before it starts.
    hookTimeout: 5 * 60_000,
    slowTestThreshold: 5_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['{packages,apps}/*/test/**/*.test.ts', '{examples,scripts}/test/**/*.test.ts'],
        },
      },
    ],
  },
})
