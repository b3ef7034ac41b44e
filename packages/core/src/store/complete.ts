import type { Backend, Content, Context, Entry, Key, OnUnsupported, Page } from '../backend/index.ts'
import { errorCode } from '../errors/index.ts'
import { asKey } from '../keys/key.ts'
import { names } from '../names.ts'
import { completeCopy, completeMove } from './complete-copy.ts'
import { completeDelete, deleteEach, deleteInBatches, withoutRoot } from './complete-delete.ts'
import { completeUpload } from './complete-upload.ts'
import { completeWrite, isTemporary, usesTemporaries } from './complete-write.ts'
import { effectiveCapabilities } from './effective.ts'
import { gateAttributes, gateRead, requireObject } from './gates.ts'
import { completeList } from './listing.ts'
import { checkRange } from './ranges.ts'
import type { Spill } from './spill.ts'

export interface CompleteOptions {
  readonly onUnsupported: OnUnsupported
  readonly spill: Spill | undefined
}

type Mutable = { -readonly [Name in keyof Backend]: Backend[Name] }

/**
 * The topmost stage: refuses before any I/O what the store cannot do, and makes out of several calls what it leaves to core.
 * Its result is a Backend again, so that wrappers hold inner stores in the same form.
 */
export function complete(backend: Backend, options: CompleteOptions): Backend {
  const given = backend.capabilities
  const capabilities = effectiveCapabilities(given)
  const clean = given.write?.attributes.includes('metadata') === true ? withoutWriteId : same
  const { write, list, delete: remove, deleteMany, append, update, upload, content } = backend

  const completed: Mutable = {
    ...backend,
    capabilities,
    async stat(context, key, conditions) {
      gateRead(capabilities, conditions)
      if (key === '') return { kind: 'directory', key }
      return clean(await backend.stat(context, key, conditions))
    },
    async read(context, key, conditions) {
      gateRead(capabilities, conditions)
      requireObject(key)
      const result = await backend.read(context, key, conditions)
      return clean === same ? result : { ...result, entry: clean(result.entry) }
    },
  }
  if (write && given.ops.write) {
    const put = completeWrite(backend, write, capabilities, options.onUnsupported)
    completed.write = async (context, key, source, how) => clean(await put(context, key, source, how))
  }
  if (list && given.ops.list) {
    const pages = completeList(backend, list, options.spill)
    const hidden = usesTemporaries(given) ? isTemporary : undefined
    completed.list =
      clean === same && hidden === undefined
        ? pages
        : (context, directory, how) => cleanPages(pages(context, directory, how), clean, hidden)
  }
  if (remove && given.ops.delete) {
    completed.delete = completeDelete(given, remove)
    const many = given.ops.deleteMany && deleteMany ? deleteInBatches(backend, given) : deleteEach(completed.delete)
    completed.deleteMany = withoutRoot(many)
  }
  const copy = completeCopy(backend, completed, capabilities)
  if (copy) completed.copy = copy
  const move = completeMove(backend, completed, copy, capabilities)
  if (move) completed.move = move
  const orStat = async (context: Context, key: Key, entry: Entry | void): Promise<Entry> =>
    entry === undefined ? completed.stat(context, key, {}) : clean(entry)
  if (append) {
    completed.append = async (context, key, source, how) => {
      requireObject(key)
      return orStat(context, key, await append(context, key, source, how))
    }
  }
  if (update) {
    completed.update = async (context, key, attributes) => {
      requireObject(key)
      const kept = gateAttributes(capabilities, attributes, options.onUnsupported)
      return orStat(context, key, await update(context, key, kept))
    }
  }
  if (upload) completed.upload = completeUpload(upload, capabilities, options.onUnsupported, orStat)
  if (content) completed.content = completeContent(content)
  if (given.ops.ping === undefined || backend.ping === undefined) {
    completed.ping = async (context) => {
      await backend.stat(context, asKey(''), {}).catch((error: unknown) => {
        if (errorCode(error) !== 'NotFound') throw error
      })
    }
  }
  return completed
}

function completeContent(content: Content): Content {
  return {
    ...content,
    async read(context, path, how) {
      if (how.range !== undefined) checkRange(how.range)
      return content.read(context, path, how)
    },
  }
}

function same(entry: Entry): Entry {
  return entry
}

function withoutWriteId(entry: Entry): Entry {
  if (entry.metadata?.[names.writeId] === undefined) return entry
  const { [names.writeId]: _, ...metadata } = entry.metadata
  return { ...entry, metadata }
}

async function* cleanPages(
  pages: AsyncIterable<Page>,
  clean: (entry: Entry) => Entry,
  hidden: ((key: string) => boolean) | undefined,
): AsyncGenerator<Page> {
  for await (const page of pages) {
    const entries = hidden === undefined ? page.entries : page.entries.filter(({ key }) => !hidden(key))
    yield { ...page, entries: entries.map(clean) }
  }
}
