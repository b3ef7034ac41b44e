import type { Backend } from './backend.ts'
import type { Capabilities } from './capabilities.ts'
import type { Context } from './context.ts'
import type { StoreSettings } from './settings.ts'

/** A literal in code; a function where the value is fetched late. Only the config loader makes functions of `env:NAME` and `file:PATH`. */
export type Secret = string | (() => string | Promise<string>)

/** Bytes as a number, or with a unit: `256 MiB`, `10 GB`. Binary and decimal units are told apart. */
export type ByteSize = number | `${number}${string}`
/** Milliseconds as a number, or with a unit: `500 ms`, `30 s`, `5 min`, `2 h`, `7 d`. */
export type Duration = number | `${number}${string}`

/** How one option is checked, documented, asked for in a form and completed in a config file. */
export interface OptionSpec {
  /** `bytes` and `duration` reach `open` as numbers (bytes, milliseconds). `store(s)`: inner specs, only for `over`. */
  readonly type: 'string' | 'number' | 'boolean' | 'bytes' | 'duration' | 'list' | 'map' | 'store' | 'stores'
  readonly description: string
  readonly required?: boolean | undefined
  readonly default?: unknown
  readonly minimum?: number | undefined
  readonly values?: readonly string[] | undefined
  /** A path of this machine: in a file it may be relative to the file's folder. */
  readonly localPath?: boolean | undefined
  /** What a `map` holds, where that is fixed; other names are refused. */
  readonly fields?: { readonly [name: string]: OptionSpec } | undefined
  /** Never printed; in files only as a reference (`env:NAME`, `file:PATH`). */
  readonly secret?: boolean | undefined
  /** Other accepted spellings, such as environment variables and older field names. */
  readonly aliases?: readonly string[] | undefined
}

/** What to open: plain data, no I/O. `over` in the options holds the inner spec or specs of a wrapper. */
export interface StoreSpec {
  readonly plugin: AnyPlugin
  readonly options: Readonly<Record<string, unknown>>
}

/** Options as `open` gets them: checked, defaults filled in, sizes and durations as numbers. */
export type Checked<Options> = {
  readonly [Name in keyof Options]: Extract<Options[Name], number> extends never
    ? Options[Name]
    : Exclude<Options[Name], `${number}${string}`>
}

export interface Plugin<Options extends object> {
  /** `s3({ bucket })` gives a spec; `openStore(spec)` gives a Store. */
  (options: Options & StoreSettings): StoreSpec
  /** The contract number it was written for. */
  readonly contract: number
  readonly type: string
  /** Other names of the type, accepted in config files. */
  readonly aliases: readonly string[]
  /** Schemes of inline addresses, without colon. */
  readonly schemes: readonly string[]
  readonly options: { readonly [Name in keyof Options & string]-?: OptionSpec }
  /** The most it can do. */
  readonly capabilities: Capabilities
  /** Takes away by options, without I/O. */
  narrow?(options: Checked<Options>): Capabilities
  /** Takes away by asking the server, only when told to, under a scratch prefix. */
  probe?(context: Context, backend: Backend): Promise<Capabilities>
  /** Parses an inline address such as `s3://bucket/prefix`; credentials in it are refused. */
  address?(url: URL): Options
  /** Makes the instance. No connection is opened here. */
  open(options: Checked<Options>, environment: Environment): Promise<Backend> | Backend
}

/** A plugin whatever its options are. */
// oxlint-disable-next-line typescript/no-explicit-any -- options are contravariant: no other type takes every plugin
export type AnyPlugin = Plugin<any>

export interface Environment {
  /** The value behind a secret option; asked for late, each time a connection is made. */
  secret(value: Secret): Promise<string>
  /** Inner stores of a wrapper, opened, in Backend form with core's checks, emulations and layers already applied. */
  readonly over: readonly Backend[]
  /** The store's name, for messages. */
  readonly name: string
}
