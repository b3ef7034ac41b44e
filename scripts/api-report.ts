// Keeps the public types of every entry point as text, packages/NAME/api/ENTRY.api.md, so that a change of them shows in review.
// `--check` fails where the committed text differs from what is built; without it the text is written.
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type IConfigFile,
} from '@microsoft/api-extractor'
import { isLibrary, root, workspacePackages, type WorkspacePackage } from './workspace.ts'

const compilerOptions = {
  target: 'es2024',
  lib: ['es2024', 'esnext.disposable', 'esnext.collection'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  types: ['node'],
}

interface EntryPoint {
  /** Where the report is kept, from the root. */
  readonly report: string
  readonly config: ExtractorConfig
}

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const folder = mkdtempSync(join(tmpdir(), 'kit-api-'))
try {
  const entries = workspacePackages().filter(isLibrary).flatMap(entryPoints)
  const stale = globSync('{packages,apps}/*/api/*.api.md', { cwd: root }).filter((file) =>
    entries.every(({ report }) => report !== file),
  )
  for (const file of stale) settle(file, undefined)
  if (entries[0]) {
    // One program for all entry points: the compiler reads the shared types once.
    const compilerState = CompilerState.create(entries[0].config, {
      additionalEntryPoints: entries.slice(1).map(({ config }) => config.mainEntryPointFilePath),
    })
    for (const { report, config } of entries) settle(report, extract(config, compilerState))
  }
} finally {
  rmSync(folder, { recursive: true })
}

function entryPoints({ name, folder: place, path, manifest }: WorkspacePackage): readonly EntryPoint[] {
  return Object.entries(manifest.exports ?? {}).flatMap(([subpath, target]): readonly EntryPoint[] => {
    if (typeof target === 'string' || !target.types) return []
    const entry = subpath === '.' ? 'index' : subpath.slice(2).replaceAll('/', '-')
    const configObject: IConfigFile = {
      projectFolder: path,
      mainEntryPointFilePath: join(path, target.types),
      newlineKind: 'lf',
      compiler: { overrideTsconfig: { compilerOptions, files: [join(path, target.types)] } },
      apiReport: { enabled: true, reportFileName: 'entry.api.md', reportFolder: folder, reportTempFolder: folder },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        // Every export is public, and the docs are plain prose: only a type that cannot be imported is worth a line.
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.None },
          'ae-forgotten-export': { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    }
    const packageJsonFullPath = join(path, 'package.json')
    const config = ExtractorConfig.prepare({ configObject, configObjectFullPath: undefined, packageJsonFullPath })
    if (!existsSync(config.mainEntryPointFilePath)) throw new Error(`${name} is not built: no ${target.types}`)
    return [{ report: `${place}/api/${entry}.api.md`, config }]
  })
}

/** The report of one entry point. */
function extract(config: ExtractorConfig, compilerState: CompilerState): string {
  Extractor.invoke(config, {
    compilerState,
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true
      if (message.logLevel === ExtractorLogLevel.Error) {
        console.log(`${message.sourceFilePath ?? config.mainEntryPointFilePath}: ${message.text}`)
        process.exitCode = 1
      }
    },
  })
  return readFileSync(join(folder, 'entry.api.md'), 'utf8')
}

/** Compares a report with its file, or makes the file so. No report: the entry point is gone. */
function settle(file: string, report: string | undefined): void {
  const path = join(root, file)
  const kept = existsSync(path) ? readFileSync(path, 'utf8') : undefined
  if (kept === report) return
  if (values.check) {
    console.log(report === undefined ? `${file} has no entry point any more` : `${file} ${difference(kept, report)}`)
    process.exitCode = 1
  } else if (report === undefined) {
    rmSync(path)
  } else {
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, report)
    console.log(file)
  }
}

function difference(kept: string | undefined, report: string): string {
  if (kept === undefined) return 'is missing'
  const before = new Set(kept.split('\n'))
  const after = new Set(report.split('\n'))
  const gone = [...before].filter((line) => !after.has(line)).map((line) => `  - ${line}`)
  const added = [...after].filter((line) => !before.has(line)).map((line) => `  + ${line}`)
  return ['differs from what is built', ...gone, ...added].join('\n')
}
