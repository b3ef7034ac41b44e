// Requests made from the server's own OpenAPI document, by schemathesis, against a server process with a folder and a memory store.
import { readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { provide, temporaryFolder } from '@kit/test-servers'
import { expect } from 'vitest'
import { ask } from '../ask.ts'
import { spawnServer } from '../spawn-server.ts'
import { run } from './peer.ts'

const token = 'correct-horse-battery-staple'
const headers = { authorization: `Bearer ${token}` }
const stores = ['files', 'scratch', 'content']
const keys = ['a', 'b.txt', 'folder', 'späß']

/**
 * Checks that are not made: they hold a server to what a document says of requests, where this one says less than the server wants
 * (a key that is none, an etag that is none), or follow single objects, which other requests have changed meanwhile. What is left wants
 * answers in time, no failure of the server, and nothing that the document does not describe.
 */
const unchecked = [
  'negative_data_rejection',
  'positive_data_acceptance',
  'missing_required_header',
  'unsupported_method',
  'use_after_free',
  'ensure_resource_availability',
  'object_level_authorization',
]

export interface FuzzOptions {
  readonly seed: number
  /** Requests for each operation, at most, beside those that the document's examples and limits give. */
  readonly examples: number
  /** Parts of schemathesis's run, such as `fuzzing`. Default: all. */
  readonly phases?: readonly string[] | undefined
}

export interface FuzzReport {
  readonly requests: number
  readonly operations: number
  /** Requests that the server carried out, by operation. */
  readonly accepted: Readonly<Record<string, number>>
  readonly seconds: number
}

/** Fuzzes a server of its own and checks that it answered as documented, still works, and has let go of what it had open. */
export async function fuzz({ seed, examples, phases }: FuzzOptions): Promise<FuzzReport> {
  await using folder = await temporaryFolder('fuzz')
  await writeFile(
    join(folder.path, 'kit.yaml'),
    'stores:\n  files: { type: fs, path: files }\n  scratch: { type: memory }\n  content: { type: content, path: content }\n',
  )
  const server = await spawnServer(folder.path, ['--port', '0', '--log-level', 'error', '--ipfs-store', 'content'], {
    KIT_TOKEN: token,
  })
  try {
    const ids = await prefill(server.base)
    await writeFile(join(folder.path, 'schemathesis.toml'), configuration(ids))
    const open = await openFiles(server.child.pid)
    const run = await schemathesis(server.base, folder.path, { seed, examples, phases })
    expect(server.child.exitCode, server.errors()).toBe(null)
    expect(server.errors()).toBe('')
    await stillWorks(server.base)
    await expectOpen(server.child.pid, open)
    return run
  } finally {
    server.child.kill('SIGTERM')
    expect(await server.ended, server.errors()).toBe(0)
  }
}

interface Ids {
  readonly cids: readonly string[]
  readonly uploads: readonly string[]
  readonly jobs: readonly string[]
}

/** Something to ask for in each store: objects, uploads under way, a job. */
async function prefill(base: string): Promise<Ids> {
  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const json = { ...headers, 'content-type': 'application/json' }
    const answer = await ask(base, 'POST', `/api/v1${path}`, { headers: json, body: JSON.stringify(body) })
    expect(answer.status, answer.text).toBeLessThan(300)
    return answer.json()
  }
  const uploads: string[] = []
  for (const store of stores) {
    for (const key of [...keys.slice(0, 2), 'folder/c', 'späß']) {
      const path = `/api/v1/stores/${store}/objects/${key.split('/').map(encodeURIComponent).join('/')}`
      expect((await ask(base, 'PUT', path, { headers, body: `the object ${key}` })).status).toBe(201)
    }
  }
  for (const key of ['one', 'two']) {
    const { upload } = await post('/stores/files/uploads', { key })
    uploads.push((upload as { readonly id: string }).id)
  }
  const cids: string[] = []
  for (const key of ['folder', 'folder/c', 'a']) {
    const answer = await ask(base, 'GET', `/api/v1/stores/content/entries/${key}`, { headers })
    cids.push((answer.json()['entry'] as { readonly cid: string }).cid)
  }
  await post('/stores/content/pins', { cid: cids[0], name: 'folder' })
  const from = { store: 'files', key: 'folder' }
  const { job } = await post('/jobs', { kind: 'copy', from, to: { store: 'scratch', key: 'copy' } })
  return { cids, uploads, jobs: [(job as { readonly id: string }).id] }
}

const unread = ['[operations.checks.response_schema_conformance]', 'enabled = false']

/** Most requests name something that is there; the others are made up whole. */
function configuration({ cids, uploads, jobs }: Ids): string {
  const dictionaries = {
    stores,
    keys,
    uploads,
    jobs,
    cids,
    args: [...cids, `/ipfs/${cids[0]}/c`],
    etags: ['*', '"1"', 'W/"1"', '"'],
    dates: ['Thu, 01 Jan 1970 00:00:00 GMT', 'Fri, 01 Jan 2100 00:00:00 GMT'],
    ranges: ['bytes=0-1', 'bytes=-1', 'bytes=0-0,2-3'],
  }
  const bound: Readonly<Record<string, readonly [keyof typeof dictionaries, number]>> = {
    'path.store': ['stores', 0.95],
    'path.key': ['keys', 0.6],
    'body.key': ['keys', 0.5],
    'body.from': ['keys', 0.5],
    'path.cid': ['cids', 0.8],
    'query.path': ['cids', 0.8],
    'query.from': ['cids', 0.8],
    'query.to': ['cids', 0.8],
    'query.arg': ['args', 0.8],
    'body.cid': ['cids', 0.8],
    'body.path': ['cids', 0.8],
    'header.if-match': ['etags', 0.7],
    'header.if-none-match': ['etags', 0.7],
    'header.range': ['ranges', 0.7],
    'header.if-modified-since': ['dates', 0.8],
    'header.if-unmodified-since': ['dates', 0.8],
    'header.if-range': ['dates', 0.5],
  }
  const binding = (name: keyof typeof dictionaries, probability: number): string =>
    `{ dictionary = "${name}", probability = ${probability} }`
  const keyed = (path: string, name: keyof typeof dictionaries): string[] => [
    '[[operations]]',
    `include-path-regex = "${path}"`,
    '[operations.parameters]',
    `"path.key" = ${binding(name, 0.8)}`,
  ]
  const ofPath = (path: string, name: keyof typeof dictionaries): string[] => [
    '[[operations]]',
    `include-path-regex = "${path}"`,
    '[operations.parameters]',
    `"path.id" = ${binding(name, 0.8)}`,
  ]
  return [
    ...Object.entries(dictionaries).map(
      ([name, values]) => `[dictionaries.${name}]\nvalues = ${JSON.stringify(values)}`,
    ),
    ...unchecked.map((check) => `[checks.${check}]\nenabled = false`),
    '[parameters]',
    ...Object.entries(bound).map(([where, [name, probability]]) => `"${where}" = ${binding(name, probability)}`),
    ...ofPath('/uploads/', 'uploads'),
    ...ofPath('/jobs/[^/]+(/cancel)?$', 'jobs'),
    ...keyed('/content/[^/]+$', 'cids'),
    ...ofPath('/events$', 'jobs'),
    // Its events are described as the text that they are, and not one by one.
    ...unread,
    // Kubo calls lines of JSON JSON.
    '[[operations]]',
    'include-path-regex = "/api/v0/(add|pin/ls)$"',
    ...unread,
    '',
  ].join('\n')
}

async function schemathesis(base: string, cwd: string, { seed, examples, phases }: FuzzOptions): Promise<FuzzReport> {
  const args = [
    ['run', `${base}/openapi.json`, '--header', `Authorization: Bearer ${token}`],
    ['--max-examples', String(examples), '--seed', String(seed), '--workers', '1'],
    // Far more than an answer takes: a request without one by then hangs.
    ['--request-timeout', '20', '--continue-on-failure', '--no-shrink', '--no-color'],
    [
      '--suppress-health-check',
      'all',
      '--generation-database',
      'none',
      '--report',
      'json',
      '--report-json-path',
      'report.json',
    ],
    phases === undefined ? [] : ['--phases', phases.join(',')],
  ].flat()
  const { code, output } = await run(await provide('schemathesis'), args, cwd)
  expect(code, output).toBe(0)
  const report = JSON.parse(await readFile(join(cwd, 'report.json'), 'utf8')) as {
    readonly running_time: number
    readonly test_cases: { readonly generated: number }
    readonly operations: { readonly tested: number }
    readonly valid_rates: Readonly<Record<string, Readonly<Record<string, { readonly accepted: number }>>>>
  }
  const accepted = Object.entries(report.valid_rates).map(([name, byPhase]) => {
    return [name, Object.values(byPhase).reduce((sum, phase) => sum + phase.accepted, 0)] as const
  })
  return {
    requests: report.test_cases.generated,
    operations: report.operations.tested,
    accepted: Object.fromEntries(accepted),
    seconds: report.running_time,
  }
}

async function stillWorks(base: string): Promise<void> {
  expect((await ask(base, 'GET', '/health')).status).toBe(200)
  for (const store of stores) {
    const path = `/api/v1/stores/${store}/objects/after`
    const put = await ask(base, 'PUT', path, { headers, body: 'still here' })
    expect([200, 201], put.text).toContain(put.status)
    expect((await ask(base, 'GET', path, { headers })).text).toBe('still here')
  }
}

/** Files and sockets that a process has open. Folders are left out: the filesystem backend keeps some of them open, in a bounded number. */
async function openFiles(pid: number | undefined): Promise<string[]> {
  const folder = `/proc/${pid}/fd`
  const found = (await readdir(folder)).map(async (name) => {
    const kind = await stat(join(folder, name)).catch(() => undefined)
    return kind?.isFile() || kind?.isSocket() ? [await readlink(join(folder, name)).catch(() => '')] : []
  })
  return (await Promise.all(found)).flat()
}

/** Waits for the connections that are kept alive to close; fails with what is still open long after. */
async function expectOpen(pid: number | undefined, before: readonly string[]): Promise<void> {
  const deadline = Date.now() + 90_000
  for (;;) {
    const more = (await openFiles(pid)).filter((name) => !before.includes(name))
    if (more.length === 0) return
    if (Date.now() > deadline) expect(more, 'still open').toEqual([])
    await sleep(100)
  }
}
