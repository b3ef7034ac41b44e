import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { forbiddenArrows } from '../arrows.ts'

let workspace: string
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'kit-arrows-'))
  plant('core', 'core', '', {})
  plant('backend-a', 'backend', "import '@kit/core/http'\n", { peerDependencies: { '@kit/core': '>=1' } })
})
afterEach(() => rmSync(workspace, { recursive: true }))

function plant(folder: string, tag: string, source: string, dependencies: object): void {
  const path = join(workspace, 'packages', folder)
  mkdirSync(join(path, 'src'), { recursive: true })
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name: `@kit/${folder}`, ...dependencies }))
  writeFileSync(join(path, 'turbo.json'), JSON.stringify({ tags: tag ? [tag] : [] }))
  mkdirSync(dirname(join(path, 'src/index.ts')), { recursive: true })
  writeFileSync(join(path, 'src/index.ts'), source)
}

describe('forbiddenArrows', () => {
  it('lets a backend import core and what is installed with it', () => {
    plant('backend-b', 'backend', "import '@kit/core'\nimport 'node:fs'\nimport 'sdk/client'\nimport './client.ts'\n", {
      dependencies: { sdk: '1' },
      peerDependencies: { '@kit/core': '>=1' },
      devDependencies: { '@kit/backend-a': '1' },
    })
    expect(forbiddenArrows(workspace)).toEqual([])
  })

  it('finds a backend that imports another', () => {
    plant('backend-b', 'backend', "\nimport '@kit/backend-a'\n", { devDependencies: { '@kit/backend-a': '1' } })
    expect(forbiddenArrows(workspace)).toEqual([
      'packages/backend-b/src/index.ts:2 a backend package may not import @kit/backend-a',
    ])
  })

  it('finds a backend that installs another', () => {
    plant('backend-b', 'backend', '', { dependencies: { '@kit/backend-a': '1' } })
    expect(forbiddenArrows(workspace)).toEqual([
      'packages/backend-b/package.json a backend package may not depend on @kit/backend-a',
    ])
  })

  it('finds shipped code that imports what only tests install', () => {
    plant('vfs', 'vfs', "import '@kit/core'\nimport 'fast-check'\n", {
      devDependencies: { '@kit/core': '1', 'fast-check': '4' },
    })
    expect(forbiddenArrows(workspace)).toEqual([
      'packages/vfs/src/index.ts:1 @kit/core is not among the dependencies that are installed with @kit/vfs',
      'packages/vfs/src/index.ts:2 fast-check is not among the dependencies that are installed with @kit/vfs',
    ])
  })

  it('finds a package without a tag', () => {
    plant('new', '', '', {})
    expect(forbiddenArrows(workspace)).toEqual([
      expect.stringContaining('packages/new/turbo.json needs one tag of: core'),
    ])
  })
})
