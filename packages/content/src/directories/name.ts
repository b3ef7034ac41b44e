import { storageError, utf8Length } from '@kit/core'

/** Longest name in UTF-8 bytes that is written: so a full shard stays far below the largest block. */
const maxNameBytes = 4096

const wrong = /[/\0]|^\.{0,2}$/

/** Whether a path can hold the name: it is not empty, `.` or `..`, and has no `/` or NUL. */
export function isName(name: string): boolean {
  return !wrong.test(name)
}

/** @throws InvalidKey for a name that is not written. */
export function checkName(name: string): void {
  if (!isName(name) || !name.isWellFormed()) {
    throw storageError('InvalidKey', `no directory can hold the name ${JSON.stringify(name.slice(0, 100))}`)
  }
  if (name.length * 3 > maxNameBytes && utf8Length(name) > maxNameBytes) {
    throw storageError('InvalidKey', `a name in a directory has at most ${maxNameBytes} bytes`)
  }
}
