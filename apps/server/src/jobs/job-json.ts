import { isStorageError, toStorageError } from '@kit/core'
import type { Action, Comparison, ItemResult } from '@kit/core/transfer'
import { details } from '../answers.ts'
import { entryJson } from '../wire/attributes.ts'
import type { Job } from './job.ts'

/** A job as JSON has it. */
export function jobJson(job: Job): object {
  const { id, request, state, created, started, ended, progress, summary, error } = job
  const { kind, from, to, ...options } = request
  return {
    id,
    kind,
    from,
    to,
    options,
    state,
    progress,
    summary,
    error: errorOf(job.id, error),
    created,
    started,
    ended,
  }
}

function errorOf(id: string, error: unknown): object | undefined {
  if (error === undefined) return undefined
  return details(isStorageError(error) ? error : toStorageError(error), id)
}

/** What became of one action. */
export function resultJson(
  id: string,
  { action, status, entry, verified, dropped, bytes, attempts, error }: ItemResult,
): object {
  return {
    ...actionJson(id, action),
    status,
    entry: entry === undefined ? undefined : entryJson(entry),
    verified,
    dropped,
    bytes,
    attempts,
    error: errorOf(id, error),
  }
}

/** An action that is only told. */
export function plannedJson(id: string, action: Action): object {
  return { ...actionJson(id, action), status: 'planned' }
}

function actionJson(id: string, action: Action): object {
  switch (action.action) {
    case 'copy':
    case 'move': {
      const { entry, replaces, ...rest } = action
      return { ...rest, size: entry.size, replaces: replaces === undefined ? undefined : entryJson(replaces) }
    }
    case 'delete':
    case 'skip': {
      const { entry, ...rest } = action
      return { ...rest, size: entry.size }
    }
    case 'fail':
      return { action: action.action, key: action.key, error: errorOf(id, action.error) }
    default:
      return action
  }
}

/** One name that differs, or could not be looked at. */
export function comparisonJson(id: string, { key, left, right, verdict, by, error }: Comparison): object {
  return {
    action: 'compare',
    status: verdict === 'failed' ? 'failed' : 'done',
    key,
    verdict,
    by,
    left: left === undefined ? undefined : entryJson(left),
    right: right === undefined ? undefined : entryJson(right),
    error: errorOf(id, error),
  }
}
