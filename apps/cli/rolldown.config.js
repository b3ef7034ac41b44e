import { rmSync } from 'node:fs'
import { builtinModules } from 'node:module'

// The start is one file, bodies of commands are chunks that are loaded on use. Kit's own packages are bundled from source, so that a command
// loads the few modules that it needs; plugins bring a core of their own, which is met by its contract alone. The server is installed beside.
const outside = ['@kit/server']

/**
 * Commander as an ES module imports whole builtin modules, whose getters are run one by one: a third of the time to start. It gets
 * what it uses of them, on use.
 */
const lean = {
  'node:process': 'export default globalThis.process',
  'node:fs': "export default process.getBuiltinModule('node:fs')",
  'node:path': "export default process.getBuiltinModule('node:path')",
  'node:child_process':
    "export default { spawn: (...words) => process.getBuiltinModule('node:child_process').spawn(...words) }",
  'node:util':
    "export const stripVTControlCharacters = (text) => process.getBuiltinModule('node:util').stripVTControlCharacters(text)",
}
const isLean = (id, importer) => id in lean && /[\\/]commander[\\/]/.test(importer ?? '')

export default {
  input: { kit: 'src/main.ts' },
  platform: 'node',
  resolve: { conditionNames: ['@kit/source', 'node', 'import', 'default'] },
  external: (id, importer) =>
    outside.includes(id) || (!isLean(id, importer) && (id.startsWith('node:') || builtinModules.includes(id))),
  plugins: [
    {
      name: 'lean-start',
      resolveId: (id, importer) => (isLean(id, importer) ? `\0lean:${id}` : null),
      load: (id) => (id.startsWith('\0lean:') ? lean[id.slice('\0lean:'.length)] : null),
    },
    {
      name: 'clean-chunks',
      generateBundle: ({ dir }) => rmSync(`${dir}/chunks`, { recursive: true, force: true }),
    },
  ],
  output: {
    dir: 'dist',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // What the start shares with commands stays with it.
    codeSplitting: {
      groups: [
        {
          name: 'start',
          test: /[\\/]cli[\\/]src[\\/](?:exit-codes|completion[\\/]shells|declare[\w-]*)\.ts$|commander/,
        },
      ],
    },
  },
}
