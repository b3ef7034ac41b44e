import type { Page, ReadResult } from './backend.ts'
import type { Context } from './context.ts'
import type { ByteRange, ByteStream, Entry, Source } from './values.ts'

/** Files and trees by CID. A path here is `CID` or `CID/path`. Removing = unpin, then collect. */
export interface Content {
  /** Absent on read-only stores. `profile`: how the bytes become a DAG (IPIP-499), such as `unixfs-v1-2025`. The entry's `cid` is the root. */
  put?(
    context: Context,
    source: Source,
    options: { readonly profile: string; readonly pin?: boolean | undefined },
  ): Promise<Entry>
  read(context: Context, path: string, options: { readonly range?: ByteRange | undefined }): Promise<ReadResult>
  stat(context: Context, path: string): Promise<Entry>
  list(context: Context, path: string): AsyncIterable<Page>
  /** A stream of CAR bytes: the whole DAG, one entity, or one block. */
  car?(context: Context, path: string, options: { readonly scope: 'all' | 'entity' | 'block' }): Promise<ByteStream>
  /** Takes in a CAR and returns its roots. */
  importCar?(context: Context, source: Source, options: { readonly pin?: boolean | undefined }): Promise<string[]>
}
