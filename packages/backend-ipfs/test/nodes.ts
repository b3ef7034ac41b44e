import type { Backend } from '@kit/core'
import { tryProvide, whyMissing, type Kubo, type KuboOptions as NodeOptions } from '@kit/test-servers'
import { plugin, type IpfsOptions } from '../src/index.ts'

/** The oldest and the newest Kubo that are promised, over each kind of connection. */
export const nodes = [
  { name: 'Kubo 0.42 over TCP', options: { version: '0.42', listen: 'tcp' } },
  { name: 'Kubo 0.39 over a unix socket', options: { version: '0.39', listen: 'unix' } },
] as const satisfies readonly { readonly name: string; readonly options: NodeOptions }[]

const reasons = await Promise.all(
  (['kubo', 'kubo-0.39'] as const).map(async (name) => whyMissing(await tryProvide(name))),
)
const reason = reasons.find((each) => each !== undefined)
if (reason !== undefined) process.stderr.write(`skipped: ${reason}\n`)

/** Kubo cannot run here; the reason is printed. */
export const missing: boolean = reason !== undefined

/** Where a node is, as the options say it. */
export function urlOf({ api, socketPath }: Pick<Kubo, 'api' | 'socketPath'>): string {
  return socketPath === '' ? api : `/unix${socketPath}`
}

/** The backend without core around it. */
export async function openedBackend(options: IpfsOptions): Promise<Backend> {
  return plugin.open(
    { plainHttp: false, ...options },
    { name: 'node', over: [], secret: async (value) => (typeof value === 'function' ? value() : value) },
  )
}
