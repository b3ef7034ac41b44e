import { storageError } from '../errors/index.ts'
import { DerivedContext } from '../store/context.ts'
import { whenUsed } from './body.ts'
import type { AnyCall, Layer } from './layer.ts'

/**
 * A total time for each operation until it answers, in milliseconds, retries included. Bodies and listings are not under it: they may be
 * long and healthy (see the stall timeout).
 */
export function deadline(milliseconds: number): Layer {
  return {
    name: 'deadline',
    attach: () => ({
      call:
        (operation, next): AnyCall =>
        (context, ...rest) =>
          new Promise((resolve, reject) => {
            const derived = new DerivedContext(context)
            const timer = setTimeout(() => {
              const error = storageError('Timeout', `no answer within the deadline of ${milliseconds} ms`, {
                applied: 'maybe',
                retry: 'never',
              })
              derived.abort(error)
              reject(error)
            }, milliseconds)
            next(derived, ...rest).then(
              (result) => {
                clearTimeout(timer)
                resolve(whenUsed(operation, result, () => derived.release()))
              },
              (error: unknown) => {
                clearTimeout(timer)
                derived.release()
                reject(error)
              },
            )
          }),
    }),
  }
}
