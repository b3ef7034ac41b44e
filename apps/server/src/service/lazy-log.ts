/** The log of one request, made when there is something to tell: most requests have nothing. */
import type { FastifyBaseLogger, FastifyServerOptions } from 'fastify'

type Factory = NonNullable<FastifyServerOptions['childLoggerFactory']>
type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'

/** As Fastify asks for the log of a request. */
export const lazyLog: Factory = (parent, bindings, options) => new LazyLog(parent, bindings, options)

class LazyLog {
  readonly #parent: FastifyBaseLogger
  readonly #bindings: Parameters<Factory>[1]
  readonly #options: Parameters<Factory>[2]
  #made: FastifyBaseLogger | undefined

  constructor(parent: FastifyBaseLogger, bindings: Parameters<Factory>[1], options: Parameters<Factory>[2]) {
    this.#parent = parent
    this.#bindings = bindings
    this.#options = options
  }

  get #own(): FastifyBaseLogger {
    this.#made ??= this.#parent.child(this.#bindings, this.#options)
    return this.#made
  }

  get level(): string {
    return this.#parent.level
  }

  fatal(...line: unknown[]): void {
    this.#write('fatal', line)
  }

  error(...line: unknown[]): void {
    this.#write('error', line)
  }

  warn(...line: unknown[]): void {
    this.#write('warn', line)
  }

  info(...line: unknown[]): void {
    this.#write('info', line)
  }

  debug(...line: unknown[]): void {
    this.#write('debug', line)
  }

  trace(...line: unknown[]): void {
    this.#write('trace', line)
  }

  silent(): void {}

  child(...given: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger {
    return this.#own.child(...given)
  }

  #write(level: Level, line: unknown[]): void {
    if (tells(this.#parent, level)) Reflect.apply(this.#own[level], this.#own, line)
  }
}

/** Whether anybody sees lines of that level: what is dear to make need not be made for nobody. */
export function tells(log: FastifyBaseLogger, level: Level): boolean {
  return 'isLevelEnabled' in log && typeof log.isLevelEnabled === 'function'
    ? Boolean(log.isLevelEnabled(level))
    : log.level !== 'silent'
}
