import {
  storageError,
  untilAborted,
  type Backend,
  type Context,
  type Entry,
  type Key,
  type ListOptions,
  type Page,
} from '@kit/core'
import { capabilitiesFor } from './capabilities.ts'
import { changes } from './changes.ts'
import { copy } from './copy.ts'
import { remove } from './delete.ts'
import { makeDirectory, removeDirectory } from './directories.ts'
import { fsError } from './fs-errors.ts'
import { openHandle } from './handle.ts'
import { makeLink } from './links.ts'
import { list } from './list.ts'
import { move } from './move.ts'
import { openSite, type SiteOptions } from './open-site.ts'
import { SourceFailure } from './pour.ts'
import { read, stat, statQuickly } from './read.ts'
import type { Site } from './site.ts'
import { update } from './update.ts'
import { ping, usage } from './usage.ts'
import { uploads } from './upload.ts'
import { write } from './write.ts'

/** What a closed store still waits for: readings in progress, at most so long. */
const closingMs = 1000

/** To look for what a file stands in the way of is to look for what is not there. */
const looking = { missing: true }

/** Nothing touches the disk before the first call. */
export function fsBackend(options: SiteOptions): Backend {
  let site: Site | undefined
  let opening: Promise<Site> | undefined
  let closed = false

  async function ready(): Promise<Site> {
    if (closed) throw storageError('Aborted', 'the store is closed')
    opening ??= openSite(options).then(
      (opened) => {
        site = opened
        return opened
      },
      (error: unknown) => {
        opening = undefined
        throw error
      },
    )
    return opening
  }

  async function now(): Promise<Site> {
    if (closed) throw storageError('Aborted', 'the store is closed')
    return site ?? ready()
  }

  /** A local filesystem answers soon; any other may hang, and then an abort leaves it to itself. */
  async function run<Result>(
    context: Context,
    work: (at: Site) => Promise<Result>,
    details?: { readonly missing: boolean },
  ): Promise<Result> {
    try {
      const at = site === undefined || closed ? await now() : site
      return await (at.local ? work(at) : untilAborted(context.signal, work(at)))
    } catch (error) {
      throw error instanceof SourceFailure ? error.error : fsError(error, details)
    }
  }

  async function* pages(context: Context, directory: Key, how: ListOptions): AsyncGenerator<Page> {
    yield* list(await run(context, async (at) => at), context, directory, how)
  }

  return {
    capabilities: capabilitiesFor(options.fsync),
    stat(context, key, conditions) {
      const fully = (): Promise<Entry> => run(context, (at) => stat(at, context, key, conditions), looking)
      if (site === undefined || closed) return fully()
      return statQuickly(site, context, key, conditions, fully) ?? fully()
    },
    read: (context, key, how) => run(context, (at) => read(at, context, key, how), looking),
    write: (context, key, source, how) => run(context, (at) => write(at, context, key, source, how)),
    list: (context, directory, how) => pages(context, directory, how),
    delete: (context, key, conditions) => run(context, (at) => remove(at, context, key, conditions)),
    copy: (context, from, to, conditions) => run(context, (at) => copy(at, context, from, to, conditions)),
    move: (context, from, to, conditions) => run(context, (at) => move(at, context, from, to, conditions)),
    update: (context, key, attributes) => run(context, (at) => update(at, context, key, attributes)),
    changes: (context) => changes(() => run(context, async (at) => at), context),
    usage: (context) => run(context, (at) => usage(at, context)),
    ping: (context) => run(context, (at) => ping(at, context)),
    open: (context, key, mode) => run(context, (at) => openHandle(at, context, key, mode), looking),
    directories: {
      make: (context, directory) => run(context, (at) => makeDirectory(at, context, directory)),
      remove: (context, directory) => run(context, (at) => removeDirectory(at, context, directory)),
    },
    upload: uploads(run),
    links: {
      make: (context, key, target) => run(context, (at) => makeLink(at, context, key, target)),
    },
    async close() {
      if (closed) return
      closed = true
      const at = await opening?.catch(() => undefined)
      if (at === undefined) return
      if (at.living.size > 0) {
        await Promise.race([Promise.allSettled([...at.living].map((end) => end())), pause(closingMs)])
      }
      await at.temporaries.close()
      at.folders.close()
    },
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}
