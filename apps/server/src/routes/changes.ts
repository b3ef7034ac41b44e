/** Uploads and deletions of one object. */
import { errorCode, storageError, type StoreEntry, type WriteConditions } from '@kit/core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { answeredWith, refusal, result } from '../answers.ts'
import type { Limits } from '../limits.ts'
import type { Target } from '../stores.ts'
import { attributesOf, entryJson, validatorHeaders } from '../wire/attributes.ts'
import { announcedLength, collectBody, mayCollect, requestBody, waitsToSend } from '../wire/bodies.ts'
import { conditionsOf, evaluate, isConditional, type Conditions } from '../wire/conditions.ts'
import { digestOf } from '../wire/digests.ts'
import { release } from '../wire/release.ts'

export async function putObject(
  request: FastifyRequest,
  reply: FastifyReply,
  target: Target,
  limits: Limits,
): Promise<FastifyReply> {
  const { store, key, call } = target
  const { raw, headers } = request
  if (headers['content-range'] !== undefined)
    throw refusal('InvalidConfig', 'a PUT replaces the whole object: no Content-Range')
  const size = announcedLength(request, limits.maxBodyBytes)
  const hashes = digestOf(headers)
  const attributes = attributesOf(headers, store)
  const small = size !== undefined && mayCollect(size)
  const waits = waitsToSend(request)
  const { conditions, isNew } = await writeConditions(target, conditionsOf(headers), waits || !small)
  if (waits) reply.raw.writeContinue()
  const body = small ? await collectBody(raw, size, limits) : requestBody(raw, limits)
  try {
    const entry = await store.write(key, body, {
      ...call,
      ...attributes,
      ...conditions,
      ...(size === undefined ? {} : { size }),
      hashes,
    })
    // A store that keeps bytes has copied them; one that failed may not be done with them.
    if (body instanceof Uint8Array) release(body)
    const answer = reply
      .code(isNew ? 201 : 200)
      .headers(validatorHeaders(entry))
      .header('cache-control', 'no-store')
    return await answer.send(result(request, { entry: entryJson(entry) }))
  } catch (error) {
    // The bytes are not what the client said of them.
    if (error instanceof Error && errorCode(error) === 'Corrupt') throw answeredWith(error, { status: 400 })
    throw error
  }
}

export async function deleteObject(
  request: FastifyRequest,
  reply: FastifyReply,
  target: Target,
): Promise<FastifyReply> {
  const { store, key, version, call } = target
  const { conditions } = await deleteConditions(target, conditionsOf(request.headers))
  await store.delete(key, { ...call, ...conditions, version })
  return reply.code(204).send()
}

/**
 * What the request's conditions are to the store. `If-None-Match: *` goes as it is; the others are compared with what is there, and the
 * change is then bound to that very state. Without conditions it is only asked whether something is there. `early`: look before the body
 * is taken even where the store would refuse it in the end.
 */
async function writeConditions(
  target: Target,
  given: Conditions,
  early: boolean,
): Promise<{ readonly conditions: WriteConditions; readonly isNew: boolean }> {
  if (!early && given.ifNoneMatch === '*' && given.ifMatch === undefined && given.ifUnmodifiedSince === undefined) {
    return { conditions: { ifAbsent: true }, isNew: true }
  }
  const there = await statIfThere(target)
  const isNew = there === undefined
  if (!isConditional(given)) return { conditions: {}, isNew }
  if (given.ifNoneMatch === '*' && there !== undefined)
    throw storageError('AlreadyExists', 'there is an object already')
  requireMet(given, there)
  return { conditions: isNew ? { ifAbsent: true } : { ifMatch: stateOf(there) }, isNew }
}

async function deleteConditions(
  target: Target,
  given: Conditions,
): Promise<{ readonly conditions: { readonly ifMatch?: string } }> {
  if (!isConditional(given)) return { conditions: {} }
  const there = await statIfThere(target)
  requireMet(given, there)
  return { conditions: there === undefined ? {} : { ifMatch: stateOf(there) } }
}

async function statIfThere({ store, key, call }: Target): Promise<StoreEntry | undefined> {
  try {
    return await store.stat(key, call)
  } catch (error) {
    if (errorCode(error) === 'NotFound') return undefined
    throw error
  }
}

function requireMet(given: Conditions, there: StoreEntry | undefined): void {
  if (evaluate(given, there, 'change') === 'failed') {
    throw storageError('ConditionFailed', 'the object is not in the state that the request names')
  }
}

function stateOf(there: StoreEntry): string {
  if (there.etag !== undefined) return there.etag
  throw refusal('Unsupported', 'the store has no etags to bind a change to')
}
