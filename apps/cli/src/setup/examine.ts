import { parseDuration, type Store } from '@kit/core'
import { configFolder, pluginFolder } from '@kit/core/node'
import type { ConfigCheck, Kit } from '@kit/manager'
import { failureOf } from '../outcome.ts'
import type { Globals, Session } from '../session.ts'
import { kitOptions, openConfigured } from '../configured-kit.ts'
import { clock, freePort, nodeVersion, privacy, writableFolder } from './examine-machine.ts'
import { broken, doubtful, fine, reasonOf, type Finding } from './finding.ts'

/** A ping that takes longer is told as slow. */
const slowMs = 2_000
/** Listed uploads are counted up to here. */
const uploadsMax = 1_000

export interface ExamineOptions {
  /** How long a store may take to answer. */
  readonly timeout: string
  /** On which `kit serve` is to listen. */
  readonly port?: string
}

/** Every check, one finding after the other; a failed one hides no other. */
export async function* examine(
  { signal }: Session,
  globals: Globals,
  { timeout, port }: ExamineOptions,
): AsyncGenerator<Finding> {
  const timeoutMs = parseDuration(timeout)
  yield nodeVersion()
  const { checkConfig } = await import('@kit/manager')
  let checked: ConfigCheck | undefined
  try {
    checked = await checkConfig(await kitOptions(globals))
    yield* configFindings(checked)
  } catch (error) {
    yield broken('config', reasonOf(error), failureOf(error).hint)
  }
  if (checked?.exists === true) yield* privacy('config', checked.path)
  yield* writableFolder('folder', configFolder(process.env))
  yield* writableFolder('folder', pluginFolder(process.env))
  yield* clock()
  yield await freePort(port)
  yield* pluginFindings(globals)
  if (checked === undefined) return
  await using kit = await openConfigured(globals).catch(() => undefined)
  // What keeps the configuration from being opened at all has been told.
  if (kit === undefined) return
  const looking = kit.stores.map(({ name }) => storeFindings(kit, name, timeoutMs, signal))
  for (const findings of looking) yield* await findings
  signal.throwIfAborted()
}

function* configFindings({ path, exists, problems }: ConfigCheck): Generator<Finding> {
  if (!exists) {
    yield doubtful('config', `there is no configuration file; it would be ${path}`, '`kit store add` makes it.')
  } else if (problems.length === 0) yield fine('config', path)
  for (const { file, line, column, message, hint } of problems) {
    yield broken(
      'config',
      `${file}:${line}:${column}: ${message}`,
      hint ?? '`kit plugin info TYPE` tells the options of a type.',
    )
  }
}

async function* pluginFindings(globals: Globals): AsyncGenerator<Finding> {
  let kit: Kit
  try {
    kit = await openConfigured({ ...globals }, { create: true })
  } catch {
    return
  }
  try {
    const plugins = await kit.plugins()
    const types = new Map<string, string[]>()
    for (const { manifest, package: name } of plugins) {
      types.set(manifest.type, [...(types.get(manifest.type) ?? []), name ?? 'built in'])
    }
    yield fine('plugins', [...types.keys()].join(', '))
    for (const [type, packages] of types) {
      if (packages.length < 2) continue
      const advice = `Name one in ${kit.path}: plugins: { ${type}: "${packages[0] ?? ''}" }`
      yield doubtful('plugins', `${packages.join(' and ')} provide the type ${type}`, advice)
    }
  } catch (error) {
    yield broken('plugins', reasonOf(error), 'Install the package again, or remove it with `kit plugin rm`.')
  } finally {
    await kit.close()
  }
}

async function storeFindings(kit: Kit, name: string, timeoutMs: number, signal: AbortSignal): Promise<Finding[]> {
  const check = `store ${name}`
  const { steps } = await kit.test(name, { signal, write: false, stepMs: timeoutMs })
  const failed = steps.find(({ outcome }) => outcome === 'failed')
  if (failed !== undefined) {
    const advice = `${failureOf(failed.error).hint} \`kit store test ${name}\` tries it step by step.`
    return [broken(check, reasonOf(failed.error), advice)]
  }
  const ms = Math.round(steps.find(({ step }) => step === 'ping')?.ms ?? 0)
  const answered = `answers in ${ms} ms`
  const findings =
    ms > slowMs
      ? [doubtful(check, `${answered}, which is slow`, 'Look at the network between here and there.')]
      : [fine(check, answered, ms)]
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  return [...findings, ...(await uploadFindings(await kit.store(name), check, { signal: limit }))]
}

async function uploadFindings(store: Store, check: string, call: { readonly signal: AbortSignal }): Promise<Finding[]> {
  if (store.capabilities.upload?.list === undefined) return []
  let overdue = 0
  let all = 0
  try {
    for await (const { expires } of store.upload.list(call)) {
      all++
      if (expires !== undefined && Date.parse(expires) <= Date.now()) overdue++
      if (all === uploadsMax) break
    }
  } catch (error) {
    return [doubtful(check, `uploads cannot be listed: ${reasonOf(error)}`, failureOf(error).hint)]
  }
  if (overdue === 0) return []
  return [doubtful(check, `${overdue} uploads were left unfinished`, `\`kit upload gc ${store.name}:\` drops them.`)]
}
