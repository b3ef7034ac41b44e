import { errorCode, storageError, throwIfAborted, type Context, type Source, type Upload } from '@kit/core'
import { finishUpload } from './upload-finish.ts'
import { fill } from './fill.ts'
import type { Site } from './site.ts'
import { inUpload, isThere, liveUploads, makeUpload, markPart, noUpload, openBody } from './upload-folder.ts'
import { partsOf, removeUpload, unmarkPart, type Found } from './upload-folder.ts'
import { newRecord, partsMax, tokenOf } from './upload-record.ts'

type Run = <Result>(context: Context, work: (at: Site) => Promise<Result>) => Promise<Result>

/** Every part goes to its own place in one file, which in the end becomes the object. */
export function uploads(run: Run): Upload {
  return {
    start: (context, key, options) =>
      run(context, async (site) => {
        throwIfAborted(context.signal)
        const record = newRecord(key, options, site.partBytes)
        return tokenOf(await makeUpload(site, record), record)
      }),
    part: (context, token, number, source) =>
      run(context, (site) =>
        inUpload(site, token, (upload) =>
          claimed(site, context, upload, `${number}`, () => writePart(site, context, upload, number, source)),
        ),
      ),
    parts: (context, token) => run(context, (site) => inUpload(site, token, partsOf)),
    finish: (context, token) =>
      run(context, (site) =>
        inUpload(site, token, (upload) =>
          claimed(site, context, upload, finishing, () => finishUpload(site, context, upload)),
        ),
      ),
    abort: (context, token) =>
      run(context, async (site) => {
        throwIfAborted(context.signal)
        try {
          await inUpload(site, token, ({ id }) => removeUpload(site, id))
        } catch (error) {
          if (errorCode(error) !== 'NotFound') throw error
        }
      }),
    async *list(context) {
      const site = await run(context, async (at) => at)
      const uploadsNow = liveUploads(site.folders, (id) => removeUpload(site, id))
      for (;;) {
        throwIfAborted(context.signal)
        const step = await run(context, () => uploadsNow.next())
        if (step.done === true) return
        yield tokenOf(step.value.id, step.value.record)
      }
    },
  }
}

const finishing = 'finish'

/**
 * Only one at a time works on a part, in whatever process, and nobody while the upload is finished: bytes written late would end up in the
 * object. Both sides put up their sign first and look for the other's afterwards.
 */
async function claimed<Result>(
  site: Site,
  { signal }: Context,
  upload: Found,
  what: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const claims = site.claimsIn(upload.folder.key)
  const free = await claims.take(what, signal)
  try {
    if (await claims.isHeld(what === finishing ? undefined : finishing)) {
      throw storageError(
        'Conflict',
        what === finishing ? 'a part of it is still being written' : 'it is being finished',
      )
    }
    return await work()
  } finally {
    await free()
    // Whoever aborted it meanwhile could not remove what is still being put there.
    if (!(await isThere(upload))) await removeUpload(site, upload.id)
  }
}

async function writePart(site: Site, context: Context, upload: Found, number: number, source: Source): Promise<void> {
  const { partBytes } = upload.record
  if (!(Number.isSafeInteger(number) && number > 0 && number <= partsMax)) {
    throw storageError('InvalidRange', `parts are numbered from 1 to ${partsMax}`)
  }
  const { fd } = await openBody(site, upload)
  try {
    await unmarkPart(site, upload, number)
    const at = (number - 1) * partBytes
    const size = await fill(site, fd, source, context, { at, max: partBytes })
    await markPart(site, upload, number, fd, size)
    // Aborted meanwhile, and not yet removed.
    if (!(await isThere(upload))) throw noUpload()
  } finally {
    await site.files.close(fd).catch(() => undefined)
  }
}
