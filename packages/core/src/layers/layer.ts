import type { Backend, Capabilities, Context, Group, ReadResult } from '../backend/index.ts'

type FlatName = Exclude<keyof Backend, 'capabilities' | 'close' | Group>
type GroupMembers<Name extends Group> = {
  [Member in keyof NonNullable<Backend[Name]> & string as `${Name}.${Member}`]-?: NonNullable<
    NonNullable<Backend[Name]>[Member]
  >
}

/** Every operation by name, those of groups with a dot, and its signature. */
export type Operations = { [Name in FlatName]-?: NonNullable<Backend[Name]> } & GroupMembers<'upload'> &
  GroupMembers<'directories'> &
  GroupMembers<'links'> &
  GroupMembers<'blocks'> &
  GroupMembers<'content'> &
  GroupMembers<'pins'> &
  GroupMembers<'ipns'>
export type OperationName = keyof Operations

/** An operation whose answer is one promise, and one that gives pages or items. */
export type CallName = {
  [Name in OperationName]: ReturnType<Operations[Name]> extends Promise<unknown> ? Name : never
}[OperationName]
export type StreamName = Exclude<OperationName, CallName>
/** No operation has more than three arguments after its context; naming them is faster than collecting them. */
export type AnyCall = (context: Context, first?: unknown, second?: unknown, third?: unknown) => Promise<unknown>
export type AnyStream = (context: Context, first?: unknown, second?: unknown, third?: unknown) => AsyncIterable<unknown>

/** What a layer is put around. */
export interface LayerTarget {
  readonly store: string
  readonly type: string
  readonly capabilities: Capabilities
  /** The store under all layers, for calls that a layer makes by itself. */
  readonly below: Backend
}

/**
 * What a layer does at one store. Each hook gets what is below and returns what takes its place; hooks are called once, when the store
 * is opened, so that a call costs one closure for each layer that names its operation. `around` goes before `call` and `pages`.
 */
export interface LayerHooks {
  /** What is left: a layer may take away or emulate, never claim native. */
  readonly capabilities?: Capabilities | undefined
  /** Around single operations, typed by name. */
  readonly around?: { readonly [Name in OperationName]?: (next: Operations[Name]) => Operations[Name] } | undefined
  /** Around every operation that answers once. */
  readonly call?: ((operation: CallName, next: AnyCall) => AnyCall) | undefined
  /** Around every listing. */
  readonly pages?: ((operation: StreamName, next: AnyStream) => AnyStream) | undefined
  /** On every body that is read, whole or streamed. */
  readonly body?: ((operation: 'read' | 'content.read', context: Context, result: ReadResult) => ReadResult) | undefined
  readonly close?: (() => void) | undefined
}

/** Watches, delays, retries or refuses; changes no data, keys or placement (that is a wrapper). Core fixes the order of its own. */
export interface Layer {
  readonly name: string
  /** Next to the backend instead of around everything: what plays the part of a bad network or server. */
  readonly innermost?: true
  attach(target: LayerTarget): LayerHooks
}
