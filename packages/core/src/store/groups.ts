/* oxlint-disable typescript/no-unsafe-type-assertion -- operations are found by name here, which types cannot follow */
import type { Backend, Context, Group, Source } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { parseKey } from '../keys/index.ts'
import { watchSource } from './source.ts'
import type { CallOptions, Store } from './store.ts'

/** Members of each group: how many arguments a program gives, whether the first is a key, and whether the answer is a stream. */
interface Member {
  readonly arity: number
  readonly key?: true
  readonly streams?: true
}

const members: {
  readonly [Name in Group]: { readonly [Member_ in keyof Required<NonNullable<Backend[Name]>>]: Member }
} = {
  upload: {
    start: { arity: 2, key: true },
    part: { arity: 3 },
    parts: { arity: 1 },
    finish: { arity: 1 },
    abort: { arity: 1 },
    list: { arity: 0, streams: true },
  },
  directories: { make: { arity: 1, key: true }, remove: { arity: 1, key: true } },
  links: { make: { arity: 2, key: true } },
  blocks: {
    get: { arity: 1 },
    has: { arity: 1 },
    put: { arity: 2 },
    putMany: { arity: 1 },
    collect: { arity: 0, streams: true },
  },
  content: {
    put: { arity: 2 },
    read: { arity: 2 },
    stat: { arity: 1 },
    list: { arity: 1, streams: true },
    car: { arity: 2 },
    importCar: { arity: 2 },
  },
  pins: { add: { arity: 2 }, remove: { arity: 1 }, get: { arity: 1 }, list: { arity: 1, streams: true } },
  ipns: { publish: { arity: 3 }, resolve: { arity: 1 } },
}

/** How a store runs a call: context made, errors filled in. */
export interface Caller {
  call<Result>(
    operation: string,
    key: string | undefined,
    options: CallOptions | undefined,
    work: (context: Context) => Promise<Result>,
  ): Promise<Result>
  stream<Item>(
    operation: string,
    key: string | undefined,
    options: CallOptions | undefined,
    work: (context: Context) => AsyncIterable<Item>,
  ): AsyncIterable<Item>
}

type Groups = Pick<Store, Group>

/** The groups of a store: every member exists, and refuses with Unsupported where the store lacks it. */
export function bindGroups(backend: Backend, caller: Caller): Groups {
  const groups: Record<string, Record<string, unknown>> = {}
  for (const [group, table] of Object.entries(members)) {
    const bound: Record<string, unknown> = {}
    for (const [name, member] of Object.entries<Member>(table))
      bound[name] = bindMember(backend, caller, group as Group, name, member)
    groups[group] = bound
  }
  return groups as unknown as Groups
}

function bindMember(backend: Backend, caller: Caller, group: Group, name: string, member: Member): unknown {
  const operation = `${group}.${name}`
  return (...all: unknown[]) => {
    const given = all.slice(0, member.arity)
    const options = all[member.arity] as CallOptions | undefined
    const first = typeof given[0] === 'string' ? given[0] : undefined
    const run = (context: Context): unknown => {
      const owner = backend.capabilities.ops[group] === undefined ? undefined : backend[group]
      const method: unknown = owner === undefined ? undefined : Reflect.get(owner, name)
      if (owner === undefined || typeof method !== 'function') {
        throw storageError('Unsupported', `the store cannot do ${operation}; nothing was sent to it`)
      }
      if (member.key === true) given[0] = parseKey(String(given[0]))
      return Reflect.apply(method, owner, [context, ...given])
    }
    if (member.streams === true) {
      return caller.stream(operation, first, options, (context) => run(context) as AsyncIterable<unknown>)
    }
    return withSource(given, () => caller.call(operation, first, options, async (context) => run(context)))
  }
}

/** A source's own failure is thrown as it came. */
async function withSource(given: unknown[], call: () => Promise<unknown>): Promise<unknown> {
  const at = given.findIndex(isSource)
  const source = given[at]
  if (!isSource(source) || source.bytes !== undefined) return call()
  const watched = watchSource(source, {})
  given[at] = watched.source
  try {
    return await call()
  } catch (error) {
    throw watched.failed ? watched.failure : error
  }
}

function isSource(value: unknown): value is Source {
  return typeof value === 'object' && value !== null && 'open' in value && typeof value.open === 'function'
}
