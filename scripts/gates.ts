// What must hold before the tests are worth running, in the order in which it is asked.

export interface Gate {
  readonly name: string
  readonly commands: readonly (readonly string[])[]
  /** It reads `dist`, so it says nothing after a failed build. */
  readonly needsBuild?: boolean
  /** It starts to hold when this file is there. */
  readonly file?: string
  /** What to do about a failure, where the output does not say. */
  readonly hint?: string
}

export const gates: readonly Gate[] = [
  {
    name: 'build',
    commands: [['turbo', 'run', 'build', '--continue=dependencies-successful', '--output-logs=errors-only']],
  },
  { name: 'types', commands: [['tsc', '-b']] },
  { name: 'lint', commands: [['oxlint', '--type-aware', '--deny-warnings']] },
  { name: 'format', commands: [['oxfmt', '--check']], hint: '`pnpm run format` formats every file' },
  {
    name: 'boundaries',
    commands: [
      ['turbo', 'boundaries'],
      ['node', 'scripts/arrows.ts'],
    ],
  },
  { name: 'limits', commands: [['node', 'scripts/limits.ts']] },
  { name: 'dead-code', commands: [['knip', '--no-config-hints']] },
  { name: 'shape', needsBuild: true, commands: [['node', 'scripts/package-shape.ts']] },
  {
    name: 'api',
    needsBuild: true,
    commands: [['node', 'scripts/api-report.ts', '--check']],
    hint: '`pnpm run api` writes the reports; commit them with the change',
  },
  {
    name: 'generated',
    file: 'scripts/errors-page.ts',
    commands: [
      ['node', '--conditions=@kit/source', 'scripts/errors-page.ts', '--check'],
      ['node', '--conditions=@kit/source', 'scripts/cli-pages.ts', '--check'],
      ['node', '--conditions=@kit/source', 'scripts/api-types.ts', '--check'],
    ],
  },
  {
    name: 'old-node',
    file: 'scripts/dist-conformance.mjs',
    needsBuild: true,
    commands: [['node', 'scripts/old-node.ts']],
  },
]
