import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { requireOptions, type Backend } from '@kit/core'
import { plugin, type HttpOptions } from '../src/index.ts'
import type { SeedObject } from '@kit/conformance'

/** The backend without core around it. */
export async function openedBackend(options: HttpOptions): Promise<Backend> {
  const checked = requireOptions(plugin, { ...options }) as unknown as Parameters<typeof plugin.open>[0]
  return plugin.open(checked, {
    name: 'web',
    over: [],
    secret: async (value) => (typeof value === 'function' ? value() : value),
  })
}

/** Puts objects where the server finds them. */
export async function plant(folder: string, objects: readonly SeedObject[]): Promise<void> {
  for (const { key, bytes } of objects) {
    const path = join(folder, key)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, bytes)
  }
}
