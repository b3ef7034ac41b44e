// The packages of this workspace, read from their files.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

export const root: string = join(import.meta.dirname, '..')

export interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export interface WorkspacePackage {
  readonly name: string
  /** From the root of the workspace, with forward slashes: `packages/core`. */
  readonly folder: string
  readonly path: string
  readonly manifest: Manifest
  /** What it is to the rules of arrows: the tags in its turbo.json. */
  readonly tags: readonly string[]
}

export function readManifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, 'utf8'))
}

export function workspacePackages(workspace: string = root): readonly WorkspacePackage[] {
  const files = globSync('{packages,apps}/*/package.json', { cwd: workspace }).toSorted()
  return files.map((file) => {
    const path = join(workspace, file, '..')
    const turbo: { readonly tags?: readonly string[] } = existsSync(join(path, 'turbo.json'))
      ? JSON.parse(readFileSync(join(path, 'turbo.json'), 'utf8'))
      : {}
    const manifest = readManifest(join(path, 'package.json'))
    const folder = `${file.split(/[\\/]/, 1)[0]}/${basename(path)}`
    return { name: manifest.name, folder, path, manifest, tags: turbo.tags ?? [] }
  })
}

/** One that others install, and import from: not private, with exports. */
export function isLibrary({ manifest }: WorkspacePackage): boolean {
  return manifest.private !== true && manifest.exports !== undefined
}
