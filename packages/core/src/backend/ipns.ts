import type { Context } from './context.ts'

/** Names that point at content and can be moved. */
export interface Ipns {
  publish(
    context: Context,
    key: string,
    path: string,
    options: { readonly lifetimeSeconds?: number | undefined; readonly ttlSeconds?: number | undefined },
  ): Promise<{ readonly name: string; readonly sequence: number }>
  resolve(context: Context, name: string): Promise<{ readonly path: string; readonly ttlSeconds?: number | undefined }>
}
