import { storageError } from '../errors/index.ts'
import { DerivedContext } from '../store/context.ts'
import { whenUsed } from './body.ts'
import { ExpiryQueue } from './expiry.ts'
import type { AnyCall, Layer } from './layer.ts'

/**
 * A total time for each operation until it answers, in milliseconds, retries included. Bodies and listings are not under it: they may be
 * long and healthy (see the stall timeout).
 */
export function deadline(milliseconds: number): Layer {
  return {
    name: 'deadline',
    attach() {
      const queue = new ExpiryQueue(milliseconds)
      return {
        call:
          (operation, next): AnyCall =>
          (context, first, second, third) =>
            new Promise((resolve, reject) => {
              const derived = new DerivedContext(context)
              const waiting = queue.add(() => {
                const error = storageError('Timeout', `no answer within the deadline of ${milliseconds} ms`, {
                  applied: 'maybe',
                  retry: 'never',
                })
                derived.abort(error)
                reject(error)
              })
              next(derived, first, second, third).then(
                (result) => {
                  queue.remove(waiting)
                  resolve(whenUsed(operation, result, () => derived.release()))
                },
                (error: unknown) => {
                  queue.remove(waiting)
                  derived.release()
                  reject(error)
                },
              )
            }),
      }
    },
  }
}
