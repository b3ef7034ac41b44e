import { cidAt, contentPlace } from '../content/content-place.ts'
import type { CommandResult } from '../outcome.ts'
import { parseSpan } from '../quantities.ts'
import type { Session } from '../session.ts'

export interface NameWords {
  readonly store?: string
}

export interface NamePublishOptions extends NameWords {
  readonly key?: string
  readonly lifetime?: string
  readonly ttl?: string
}

/** Points the name of a key at content. */
export async function namePublish(
  session: Session,
  target: string,
  { store: named, key = 'self', lifetime, ttl }: NamePublishOptions,
): Promise<CommandResult> {
  const { output, call } = session
  const place = await contentPlace(session, target, { store: named, needs: ['ipns', 'write'] })
  const cid = await cidAt(session, place)
  const path = `/ipfs/${cid}`
  const options = {
    lifetimeSeconds: lifetime === undefined ? undefined : Math.ceil(parseSpan('--lifetime', lifetime) / 1000),
    ttlSeconds: ttl === undefined ? undefined : Math.ceil(parseSpan('--ttl', ttl) / 1000),
  }
  const { name, sequence } = await place.store.ipns.publish(key, path, options, call)
  if (!output.json) await output.write(`${name}\n`)
  return { fields: { name, path, sequence } }
}

/** Tells where a name leads. */
export async function nameResolve(session: Session, name: string, options: NameWords): Promise<CommandResult> {
  const { output, call } = session
  const { store } = await session.configured(options.store, ['ipns'])
  const { path, ttlSeconds } = await store.ipns.resolve(name.replace(/^(?:ipns:\/\/|\/ipns\/)/, ''), call)
  if (!output.json) await output.write(`${path}\n`)
  return { fields: { name, path, ttlSeconds } }
}
