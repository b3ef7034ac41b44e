import type { Capabilities, Context, Entry, Key, OnUnsupported, Source, Upload, UploadToken } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { parseKey } from '../keys/index.ts'
import { gateWrite, requireObject } from './gates.ts'

/** Uploads in parts with what is known beforehand to be wrong refused before any I/O. Tokens come from outside. */
export function completeUpload(
  upload: Upload,
  capabilities: Capabilities,
  relaxed: OnUnsupported,
  orStat: (context: Context, key: Key, entry: Entry | void) => Promise<Entry>,
): Upload {
  const limits = capabilities.upload
  const { list } = upload
  return {
    async start(context, key, how) {
      requireObject(key)
      const { size, sourceVersion } = how
      const kept = gateWrite(capabilities, how, size, relaxed)
      const most = limits && limits.partMaxBytes * limits.partsMax
      if (size !== undefined && most !== undefined && size > most) {
        throw storageError('TooLarge', `uploads in parts hold at most ${most} bytes, this one has ${size}`)
      }
      return upload.start(context, key, { ...kept, size, sourceVersion })
    },
    async part(context, token, number, source) {
      checkToken(token)
      checkPart(number, source, token, limits)
      return upload.part(context, token, number, source)
    },
    async parts(context, token) {
      checkToken(token)
      return upload.parts(context, token)
    },
    async finish(context, token) {
      const key = checkToken(token)
      return orStat(context, key, await upload.finish(context, token))
    },
    async abort(context, token) {
      checkToken(token)
      return upload.abort(context, token)
    },
    ...(list && limits?.list === true && { list: (context) => list.call(upload, context) }),
  }
}

/** @throws InvalidConfig, InvalidKey, IsDirectory where it is no token of any store */
function checkToken(token: UploadToken): Key {
  const given: Partial<Record<keyof UploadToken, unknown>> = Object(token)
  const { key, partBytes, expires, sourceVersion } = given
  const isText = (value: unknown): boolean => value === undefined || typeof value === 'string'
  if (!Number.isSafeInteger(partBytes) || Number(partBytes) < 1 || !isText(expires) || !isText(sourceVersion)) {
    throw storageError('InvalidConfig', 'this is no token of an upload')
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parseKey refuses what is no string
  const parsed = parseKey(key as string)
  requireObject(parsed)
  return parsed
}

function checkPart(number: number, source: Source, { partBytes }: UploadToken, limits: Capabilities['upload']): void {
  if (!Number.isSafeInteger(number) || number < 1) {
    throw storageError('InvalidConfig', `parts are numbered from 1, and ${number} is none`)
  }
  if (limits !== undefined && number > limits.partsMax) {
    throw storageError('InvalidRange', `an upload has at most ${limits.partsMax} parts, this would be number ${number}`)
  }
  if (source.size !== undefined && source.size > partBytes) {
    throw storageError('TooLarge', `parts of this upload have ${partBytes} bytes, this one has ${source.size}`)
  }
}
