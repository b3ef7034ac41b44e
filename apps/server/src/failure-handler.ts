import type { FastifyReply, FastifyRequest } from 'fastify'
import { sendFailure, type FailureForm } from './answers.ts'
import type { Limits } from './limits.ts'
import { discardRest, waitsToSend } from './wire/bodies.ts'

/** Answers what a route, or a hook before it, has thrown. */
export function failureHandler(
  limits: Limits,
  form?: FailureForm,
): (error: unknown, request: FastifyRequest, reply: FastifyReply) => void {
  return (error, request, reply) => {
    // Whoever waits to be told to send has sent nothing that could be discarded, and will not.
    const waits = waitsToSend(request) && !request.raw.complete
    if (waits) reply.header('connection', 'close')
    void sendFailure(request, reply, error, { rest: waits ? undefined : discardRest(request, limits), form })
  }
}
