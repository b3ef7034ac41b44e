import type { Context } from './context.ts'

/** Names that point at content and can be moved. */
export interface Ipns {
  publish(
    context: Context,
    key: string,
    path: string,
    options: { readonly lifetimeSeconds?: number | undefined; readonly ttlSeconds?: number | undefined },
  ): Promise<{
    readonly name: string
    /** Of the record, where the store tells it. */
    readonly sequence?: number | undefined
  }>
  resolve(context: Context, name: string): Promise<{ readonly path: string; readonly ttlSeconds?: number | undefined }>
}
