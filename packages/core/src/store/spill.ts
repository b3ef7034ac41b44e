/// <reference lib="esnext.disposable" preserve="true" />
import type { Entry } from '../backend/index.ts'

/** A sorted run of entries that was put aside. */
export interface Run extends AsyncDisposable {
  read(): AsyncIterable<Entry>
}

/** Where sorting puts what does not fit into memory; `@kit/core/node` has one of temporary files. */
export interface Spill {
  write(entries: readonly Entry[]): Promise<Run>
}
