/** The body of a request as a Source, for operations that take one. */
import { ownBytes, type Bytes, type Source } from '@kit/core'
import type { FastifyRequest } from 'fastify'
import type { Limits } from '../limits.ts'
import { announcedLength, requestBody } from './bodies.ts'
import { passingDigest } from './digests.ts'

export interface BodySource extends Source {
  /** Bytes taken so far. */
  taken(): number
}

/** Taken once: what a client sends cannot be asked for again. A `Content-Digest` is checked as it passes. */
export function bodySource(request: FastifyRequest, limits: Limits): BodySource {
  const size = announcedLength(request, limits.maxBodyBytes)
  const check = passingDigest(request.headers)
  let opened = false
  let taken = 0
  async function* body(): AsyncGenerator<Bytes> {
    for await (const chunk of requestBody(request.raw, limits)) {
      taken += chunk.byteLength
      check?.update(chunk)
      yield ownBytes(chunk)
    }
    check?.finish()
  }
  return {
    size,
    taken: () => taken,
    open(from) {
      if (opened || from > 0) return null
      opened = true
      return body()
    },
  }
}
