// Kit's server as it is started, with tokens and metrics on, against node:http alone: processor time of 1 MiB each way, and small answers.
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Cases, ComparedCase } from '../case.ts'
import { Load, requestBytes } from '../http-load.ts'
import { removeTemporary, temporaryFolder } from '../temporary.ts'

const mebibyte = 2 ** 20
const smallBytes = 4096
const kitProgram = fileURLToPath(new URL('../../apps/server/src/main.ts', import.meta.url))
const nodeProgram = fileURLToPath(new URL('../programs/serve-files.ts', import.meta.url))
const cpuNote = 'Processor time of the server, all of its threads, by /proc; the client does not count.'

export const cases: Cases = ({ quick }) => {
  const count = quick ? 20 : 50
  const many = quick ? 500 : 2000
  return [
    processorTime('GET 1 MiB', 'GET', count, 4),
    processorTime('PUT 1 MiB', 'PUT', count, 4),
    processorTime('PUT 16 MiB', 'PUT', quick ? 4 : 8, 2, 16 * mebibyte),
    processorTime('GET 16 MiB', 'GET', quick ? 4 : 8, 2, 16 * mebibyte),
    small('GET 4 KiB from memory', 'memory', many, { floor: 0.4, aim: 0.55 }),
    small('GET 4 KiB from a file', 'files', many, {}),
  ]
}

/** Rates are requests for each second of processor time, so 1 / 1.7 is 1.7 times the time of node:http. */
function processorTime(
  name: string,
  method: 'GET' | 'PUT',
  count: number,
  connections: number,
  bytes: number = mebibyte,
): ComparedCase {
  const sides = new Sides()
  const body = randomBytes(bytes)
  const work = (side: SideName) => () => {
    const { load, root, headers } = sides.get(side)
    const request = requestBytes(method, `${root.files}/big`, headers, method === 'PUT' ? body : undefined)
    return load.run(request, count, connections)
  }
  return {
    name: `${name}, processor time`,
    unit: 'requests',
    count,
    floor: 1 / 1.7,
    aim: 1 / 1.5,
    note: cpuNote,
    clock: (side) => sides.get(side === 'kit' ? 'kit' : 'node:http').processorMilliseconds(),
    setup: async () => {
      await sides.open()
      for (const side of ['kit', 'node:http'] as const) writeFileSync(sides.get(side).file('big'), body)
    },
    kit: work('kit'),
    peers: { 'node:http': work('node:http') },
    check(result, side) {
      const name = side === 'kit' ? 'kit' : 'node:http'
      if (method === 'GET' && result !== count * bytes) throw new Error(`${side} gave ${String(result)} bytes`)
      if (!readFileSync(sides.get(name).file('big')).equals(body)) throw new Error(`${side} wrote something else`)
    },
    teardown: () => sides.close(),
  }
}

function small(
  name: string,
  from: 'memory' | 'files',
  count: number,
  bar: Pick<ComparedCase, 'floor' | 'aim'>,
): ComparedCase {
  const sides = new Sides()
  const body = randomBytes(smallBytes)
  const work = (side: SideName) => () => {
    const { load, root, headers } = sides.get(side)
    const path = from === 'memory' && side === 'node:http' ? '/memory' : `${root[from]}/small`
    return load.run(requestBytes('GET', path, headers), count, 16)
  }
  return {
    name: `${name}, 16 in flight`,
    unit: 'requests',
    count,
    ...bar,
    note: from === 'memory' ? 'node:http: one buffer, and no question asked.' : 'node:http: stat and createReadStream.',
    async setup() {
      await sides.open()
      const { load, root, headers } = sides.get('kit')
      await load.run(requestBytes('PUT', `${root.memory}/small`, headers, body), 1, 1)
      for (const side of ['kit', 'node:http'] as const) writeFileSync(sides.get(side).file('small'), body)
    },
    kit: work('kit'),
    peers: { 'node:http': work('node:http') },
    check(result, side) {
      if (result !== count * smallBytes) throw new Error(`${side} gave ${String(result)} bytes`)
    },
    teardown: () => sides.close(),
  }
}

type SideName = 'kit' | 'node:http'

interface Side {
  readonly child: ChildProcess
  readonly load: Load
  /** Paths of its requests. */
  readonly root: { readonly files: string; readonly memory: string }
  readonly headers: Readonly<Record<string, string>>
  file(name: string): string
  processorMilliseconds(): number
}

/** Both servers, each in a process and a folder of its own. */
class Sides {
  #folder = ''
  readonly #sides = new Map<string, Side>()

  async open(): Promise<void> {
    this.#folder = temporaryFolder()
    this.#sides.set('kit', await startKit(this.#folder))
    this.#sides.set('node:http', await startNode(temporaryFolder()))
  }

  get(name: SideName): Side {
    const side = this.#sides.get(name)
    if (side === undefined) throw new Error(`${name} does not run`)
    return side
  }

  close(): void {
    for (const { load, child, file } of this.#sides.values()) {
      load.close()
      child.kill('SIGKILL')
      if (!file('').startsWith(this.#folder)) removeTemporary(file(''))
    }
    this.#sides.clear()
    removeTemporary(this.#folder)
  }
}

/** With a token for one directory of each store: what is checked is checked in full. */
async function startKit(folder: string): Promise<Side> {
  const stores = `stores:\n  files: { type: fs, path: ${JSON.stringify(folder)} }\n  memory: { type: memory }\n`
  writeFileSync(join(folder, 'kit.yaml'), stores)
  const secret = 'S'.repeat(43)
  const token = {
    id: 'benchtoken',
    name: 'bench',
    sha256: createHash('sha256').update(secret).digest('hex'),
    scopes: ['read', 'write'],
    paths: ['files:d/', 'memory:d/'],
    created: new Date().toISOString(),
  }
  const tokens = join(folder, 'tokens.json')
  writeFileSync(tokens, JSON.stringify({ version: 1, tokens: [token] }), { mode: 0o600 })
  const { child, port } = await start(folder, [
    '--conditions=@kit/source',
    kitProgram,
    '--port',
    '0',
    '--tokens',
    tokens,
    '--config',
    join(folder, 'kit.yaml'),
  ])
  const load = new Load(port)
  const headers = { authorization: `Bearer kit_benchtoken_${secret}` }
  const root = (store: string): string => `/api/v1/stores/${store}/objects/d`
  await load.run(requestBytes('PUT', `${root('files')}/made`, headers), 1, 1)
  return {
    child,
    load,
    root: { files: root('files'), memory: root('memory') },
    headers,
    file: (name) => join(folder, 'd', name),
    processorMilliseconds: () => processorMilliseconds(child),
  }
}

async function startNode(folder: string): Promise<Side> {
  const { child, port } = await start(folder, [nodeProgram, folder, String(smallBytes)])
  return {
    child,
    load: new Load(port),
    root: { files: '', memory: '' },
    headers: {},
    file: (name) => (name === '' ? folder : join(folder, name)),
    processorMilliseconds: () => processorMilliseconds(child),
  }
}

async function start(
  cwd: string,
  program: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = spawn(process.execPath, program, { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  process.on('exit', () => child.kill('SIGKILL'))
  let said = ''
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const found = /listening on http:\/\/[\d.]+:(\d+)\n/.exec(said)?.[1]
      if (found !== undefined) resolve(Number(found))
    })
    child.on('exit', (code) => reject(new Error(`${program.join(' ')} ended with ${code}: ${said}`)))
  })
  return { child, port }
}

/** Of all threads; those that have ended are not counted, and none of these servers ends one. */
function processorMilliseconds({ pid }: ChildProcess): number {
  const tasks = `/proc/${pid}/task`
  const nanoseconds = readdirSync(tasks).map((task) =>
    Number(readFileSync(join(tasks, task, 'schedstat'), 'utf8').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, time) => sum + time, 0) / 1e6
}
