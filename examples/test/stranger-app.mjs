// A stranger's program: finds the plugin that is installed beside it, loads it, and runs the conformance suite on a server. Copied into a
// folder of its own and run there, so that every import is of what npm installed. Prints one line of JSON for each case.
import { readdir } from 'node:fs/promises'
import { openStore, requireOptions } from '@kit/core'
import { discoverPlugins, loadPlugin } from '@kit/core/node'
import { runConformance } from '@kit/conformance'

const { options, served, only } = JSON.parse(process.argv[2])
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

// TODO(conformance): `atomic: readers of an object …` leaves its readers' rejection unhandled while its writer goes on.
process.on('unhandledRejection', () => {})

let requests = 0
const { fetch } = globalThis
globalThis.fetch = (...call) => {
  requests++
  return fetch(...call)
}

const found = await discoverPlugins(process.cwd())
const plugin = await loadPlugin(found[0])
print({ found: found.map(({ package: name, folder, manifest }) => ({ name, folder, type: manifest.type })) })

const report = await runConformance(
  {
    open: () => openStore(plugin(options)),
    plugin,
    manifest: found[0].manifest,
    shared: true,
    // Bounds on time are not what is tested here, and several suites may share the processor.
    patienceMs: 20_000,
    openBackend: async () =>
      plugin.open(requireOptions(plugin, options), { name: 'bare', over: [], secret: async (value) => value }),
    requests: () => requests,
    leftovers: async () =>
      (await readdir(served, { recursive: true })).filter((name) => /(?:^|\/)\.kit-tmp-/.test(name)),
  },
  {
    only: only ? new RegExp(only) : undefined,
    onResult: (name, error) => print({ name, error: error instanceof Error ? error.stack : undefined }),
  },
)
print({ passed: report.passed.length, failed: report.failed.length, skipped: report.skipped })
