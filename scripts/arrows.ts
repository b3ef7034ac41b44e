// The arrows between packages, as shipped. turbo.json says what a package may reach at all, its tests included; here the code in `src`
// is held to the narrower rule, and to the dependencies that are installed with the package.
import { globSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { readSource } from './source-text.ts'
import { root, workspacePackages, type WorkspacePackage } from './workspace.ts'

/** What the shipped code of a tag may import of ours. A service is an app that others start: the command line serves. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  core: [],
  conformance: ['core'],
  'test-servers': ['core'],
  content: ['core'],
  client: [],
  backend: ['core', 'content', 'client'],
  compose: ['core'],
  vfs: ['core', 'content'],
  manager: ['core', 'content', 'compose', 'vfs'],
  service: ['core', 'content', 'backend', 'compose', 'vfs', 'manager'],
  app: ['core', 'content', 'backend', 'compose', 'vfs', 'manager', 'client', 'service'],
}

export function forbiddenArrows(workspace: string): readonly string[] {
  const packages = workspacePackages(workspace)
  const byName = new Map(packages.map((entry) => [entry.name, entry]))
  return packages.flatMap((entry) => arrowsFrom(entry, byName))
}

function arrowsFrom(from: WorkspacePackage, byName: ReadonlyMap<string, WorkspacePackage>): readonly string[] {
  const [tag, ...others] = from.tags
  const allowed = tag === undefined ? undefined : arrows[tag]
  if (!allowed || others.length > 0) {
    return [`${from.folder}/turbo.json needs one tag of: ${Object.keys(arrows).join(', ')}`]
  }
  const found: string[] = []
  const allows = (name: string): boolean => {
    const target = byName.get(name)
    return !target || target.name === from.name || target.tags.some((one) => allowed.includes(one))
  }
  const { dependencies, optionalDependencies, peerDependencies } = from.manifest
  const installed = new Set(Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
  for (const name of installed) {
    if (!allows(name)) found.push(`${from.folder}/package.json a ${tag} package may not depend on ${name}`)
  }
  for (const file of globSync('src/**/*.{ts,tsx}', { cwd: from.path }).toSorted()) {
    for (const { specifier, line } of readSource(readFileSync(join(from.path, file), 'utf8')).imports) {
      if (specifier.startsWith('.') || isBuiltin(specifier)) continue
      const name = packageName(specifier)
      const place = `${from.folder}/${file}:${line}`
      if (!allows(name)) found.push(`${place} a ${tag} package may not import ${specifier}`)
      else if (name !== from.name && !installed.has(name)) {
        found.push(`${place} ${name} is not among the dependencies that are installed with ${from.name}`)
      }
    }
  }
  return found
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

if (import.meta.main) {
  const found = forbiddenArrows(root)
  for (const line of found) console.log(line)
  if (found.length > 0) process.exitCode = 1
}
