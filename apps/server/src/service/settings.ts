import type { Limits } from '../limits.ts'

/** What one run of the server is started with. */
export interface ServerSettings {
  /** 0 for any free one. */
  readonly port: number
  readonly host: string
  /** Names it may be asked for by, besides the loopback's and its own addresses. */
  readonly allowHosts: readonly string[]
  /** Origins of pages that may use it, such as `https://app.example.org`. */
  readonly allowOrigins: readonly string[]
  /** Paths of PEM files. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  /** One token that may do everything. */
  readonly token: string | undefined
  /** Path of the file of tokens. Default: `tokens.json` in the state folder, where there is one. */
  readonly tokens: string | undefined
  readonly readOnly: boolean
  /** Path of the configuration file. */
  readonly config: string | undefined
  /** Serves these stores of the configuration only. */
  readonly stores: readonly string[] | undefined
  /** The store that `/api/v0` serves. Default: where there is no configuration, the one store there is; else none. */
  readonly ipfsStore?: string | undefined
  /** Default: `.kit/server` beside the configuration file, else in the working directory. */
  readonly stateFolder: string | undefined
  readonly limits: Partial<Limits>
  /** How long transfers may go on when the server is told to stop, in ms. */
  readonly graceMs: number
  readonly logLevel: string
  /** What `${NAME}` in the configuration stands for, and `KIT_HOME`. */
  readonly environment: Readonly<Record<string, string | undefined>>
}
