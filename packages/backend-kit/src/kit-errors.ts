import { abortError, errorCodes, storageError, type Context, type ErrorCode, type StorageError } from '@kit/core'
import { responseError, retryAfterMs } from '@kit/core/http'
import { readProblem, type Problem } from '@kit/client'

/**
 * A refusal of the server as the error that it is there: code, retry and whether the change may have happened are the server's own word.
 * What somebody on the way answered instead goes by its status.
 */
export async function kitError(context: Context, response: Response, changes: boolean): Promise<StorageError> {
  if (context.signal.aborted) {
    await response.body?.cancel().catch(() => undefined)
    throw abortError(context.signal)
  }
  if (!response.headers.has('x-kit-error')) return redirected(response) ?? responseError(response, { changes })
  const problem = await readProblem(response)
  return storageErrorOf(problem, response.status, retryAfterMs(response.headers.get('retry-after')))
}

/** What the server says of one failure, of a whole answer or of one item in it. */
export function storageErrorOf(problem: Problem, status?: number, retryAfter?: number): StorageError {
  const known = errorCodes.find((code): code is ErrorCode => code === problem.code)
  return storageError(known ?? 'Unexpected', summaryOf(problem, known === undefined), {
    status,
    retry: problem.retry,
    applied: problem.applied,
    retryAfterMs: problem.retryAfterMs ?? retryAfter,
  })
}

/** The message without the code that goes before it, which is put there again. */
function summaryOf({ code, message }: Problem, keepsCode: boolean): string {
  const text = message ?? 'the server gives no reason'
  return !keepsCode && text.startsWith(`${code}: `) ? text.slice(code.length + 2) : text
}

function redirected(response: Response): StorageError | undefined {
  if (response.status < 300 || response.status >= 400 || response.status === 304) return undefined
  const to = response.headers.get('location') ?? 'nowhere'
  return storageError('Unexpected', `the server redirects to ${to}, which is not followed: configure that address`, {
    status: response.status,
  })
}
