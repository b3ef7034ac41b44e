import { errorCode } from '@kit/core'
import type { Kit, KitOptions, LazyPlugin } from '@kit/manager'
import type { Globals, Session } from './session.ts'

/** How often a change is made anew where another program has saved meanwhile. */
const tries = 10

/** Another Kit: few commands need it, so its code comes with the first store of its type. */
export const lazyKit: LazyPlugin = {
  type: 'kit',
  aliases: ['kit-server'],
  schemes: ['kit', 'kit+http'],
  load: async () => (await import('@kit/backend-kit')).plugin,
}

/** The embedded content store: its code comes with the first store of its type. */
const lazyContent: LazyPlugin = {
  type: 'content',
  aliases: ['cas'],
  schemes: ['content'],
  load: async () => (await import('@kit/backend-content')).plugin,
}

/** The plugins that are there even where nothing is installed. */
export async function builtInPlugins(): Promise<NonNullable<KitOptions['builtIn']>> {
  const [{ fs }, { memory }] = await Promise.all([import('@kit/backend-fs'), import('@kit/backend-memory')])
  return [fs, memory, lazyKit, lazyContent]
}

/** What a configuration is opened with. */
export async function kitOptions(globals: Globals): Promise<KitOptions> {
  return {
    config: globals.config ?? (process.env['KIT_CONFIG'] || undefined),
    environment: process.env,
    builtIn: await builtInPlugins(),
  }
}

/** The configuration as it is; closed by the caller. */
export async function openConfigured(globals: Globals, more: Partial<KitOptions> = {}): Promise<Kit> {
  const [{ openKit }, options] = await Promise.all([import('@kit/manager'), kitOptions(globals)])
  return openKit({ ...options, ...more })
}

/** Changes the configuration file, which is made where there is none; made anew where another program saved meanwhile. Gives its path. */
export async function changeConfig(
  globals: Globals,
  session: Session,
  change: (kit: Kit, attempt: number) => Promise<void>,
): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    session.signal.throwIfAborted()
    await using kit = await openConfigured(globals, { create: true })
    await change(kit, attempt)
    try {
      await kit.save()
      return kit.path
    } catch (error) {
      if (errorCode(error) !== 'Conflict' || attempt === tries) throw error
    }
  }
}
