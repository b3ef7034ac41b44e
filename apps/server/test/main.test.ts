import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { ask } from './ask.ts'
import { filesIn, objects } from './serve.ts'
import { spawnServer, start } from './spawn-server.ts'

const run = promisify(execFile)

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kit-main-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function shell(command: string, variables: Record<string, string> = {}): Promise<string> {
  const { stdout } = await run('sh', ['-c', command], { env: { PATH: process.env['PATH'] ?? '', ...variables } })
  return stdout
}

test('without a configuration it serves files of the working directory, and shows three commands that work', async () => {
  const folder = await temporaryFolder()
  const { base, commands, output, errors, child, ended } = await start(folder)
  expect(output()).toContain(`the store files, in ${join(folder, '.kit/content')}`)
  expect(commands).toHaveLength(3)
  const [put = '', get = '', list = ''] = commands
  expect(JSON.parse(await shell(put))).toMatchObject({ success: true, entry: { key: 'hello.txt' } })
  expect(await shell(get)).toBe('Hello from Kit\n')
  expect(JSON.parse(await shell(list))).toMatchObject({ entries: [{ key: 'hello.txt', size: 15 }] })
  expect(JSON.parse(await shell(put))).toMatchObject({ success: true })
  // Its bytes by CID, over the API and as Kubo's clients ask, and the version before.
  const stat = await ask(base, 'GET', `${objects.replace('objects', 'entries')}/hello.txt`)
  const { cid } = stat.json()['entry'] as { readonly cid: string }
  expect((await ask(base, 'GET', `${objects.replace('objects', 'content')}/${cid}`)).text).toBe('Hello from Kit\n')
  expect((await ask(base, 'POST', `/api/v0/cat?arg=${cid}`)).text).toBe('Hello from Kit\n')
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  expect(errors()).toBe('')
})

test('files of a store that was there before are left alone, and it says how to serve them', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, '.kit/files'), { recursive: true })
  await writeFile(join(folder, '.kit/files/old'), 'old')
  const { base, errors } = await start(folder)
  expect(errors()).toMatch(/^warning: \S+\/\.kit\/files is not served: .*type: fs/)
  expect((await ask(base, 'GET', `${objects}/old`)).status).toBe(404)
  expect(await filesIn(join(folder, '.kit/files'))).toHaveLength(1)
})

test('a second server in the same folder says who writes there, and goes on once that has stopped', async () => {
  const folder = await temporaryFolder()
  const first = await start(folder)
  await ask(first.base, 'PUT', `${objects}/a`, { body: 'a' })
  const second = await start(folder)
  const refused = await ask(second.base, 'GET', `${objects}/a`)
  expect([refused.status, refused.code, refused.text]).toEqual([
    503,
    'Unavailable',
    expect.stringContaining('writes to'),
  ])
  first.child.kill('SIGTERM')
  expect(await first.ended).toBe(0)
  expect((await ask(second.base, 'GET', `${objects}/a`)).text).toBe('a')
})

test('serves the stores of a configuration', async () => {
  const folder = await temporaryFolder()
  await writeFile(
    join(folder, 'kit.yaml'),
    'stores:\n  photos: { type: fs, path: photos }\n  scratch: { type: memory }\n',
  )
  const { base, commands, output } = await start(folder)
  expect(output()).toContain('the stores photos, scratch, from')
  expect((await ask(base, 'GET', '/api/v1/stores')).json()).toMatchObject({
    stores: [{ name: 'photos' }, { name: 'scratch' }],
  })
  for (const command of commands) await shell(command)
  expect(existsSync(join(folder, 'photos/hello.txt'))).toBe(true)
  expect((await ask(base, 'PUT', '/api/v1/stores/scratch/objects/x', { body: 'x' })).status).toBe(201)
  const missing = await start(folder, ['--config', 'none.yaml'])
  expect(await missing.ended).toBe(1)
  expect(missing.errors()).toContain('none.yaml')
})

test('says what to do when it cannot start', async () => {
  const folder = await temporaryFolder()
  const taken = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')
  const address = taken.address()
  const port = typeof address === 'object' ? String(address?.port) : ''
  const [byOption, byVariable, help] = await Promise.all([
    spawnServer(folder, ['--port', port]),
    spawnServer(folder, [], { PORT: port }),
    spawnServer(folder, ['--help']),
  ])
  for (const { ended, errors, output } of [byOption, byVariable]) {
    expect([await ended, output()]).toEqual([1, ''])
    expect(errors()).toMatch(/^port \d+ of 127.0.0.1 is taken by another program: .*--port/)
    expect(errors().trimEnd().split('\n')).toHaveLength(1)
  }
  expect(await help.ended).toBe(0)
  expect(help.output()).toContain('usage: npm start')
})

test('lets other machines in with a token only, and its commands bring it', async () => {
  const folder = await temporaryFolder()
  const KIT_TOKEN = 'correct-horse-battery'
  const { base, commands, child, ended } = await start(folder, ['--host', '0.0.0.0'], { KIT_TOKEN })
  expect((await ask(base, 'GET', '/api/v1/stores')).status).toBe(401)
  for (const command of commands) expect(await shell(command, { KIT_TOKEN })).not.toContain('"success":false')
  expect(commands.join('')).not.toContain(KIT_TOKEN)

  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  const path = join(folder, "the token's file")
  await writeFile(path, 'another-long-token\n', { mode: 0o600 })
  const second = await start(folder, ['--token-file', path])
  for (const command of second.commands) expect(await shell(command)).not.toContain('"success":false')
})

async function startDownload(base: string): Promise<IncomingMessage> {
  const { hostname, port } = new URL(base)
  const asking = request({ hostname, port, path: `${objects}/big`, agent: false })
  asking.end()
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  return response
}

test('on SIGTERM it takes nothing new, lets transfers end, and exits with 0', async () => {
  const folder = await temporaryFolder()
  const { base, child, ended } = await start(folder)
  const big = 64 * 2 ** 20
  await ask(base, 'PUT', `${objects}/big`, { body: Buffer.alloc(big, 'x') })
  const response = await startDownload(base)

  const { hostname, port } = new URL(base)
  const path = `${objects}/up`
  const uploading = request({ hostname, port, path, method: 'PUT', agent: false })
  uploading.write('first, ')
  await sleep(200)
  child.kill('SIGTERM')
  await sleep(200)
  await expect(ask(base, 'GET', '/health')).rejects.toThrow('ECONNREFUSED')
  uploading.end('then')
  const [uploaded] = (await once(uploading, 'response')) as [IncomingMessage]
  uploaded.resume()
  expect(uploaded.statusCode).toBe(201)
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) bytes += chunk.length
  expect(bytes).toBe(big)
  expect(await ended).toBe(0)
})

test('a second signal does not wait for transfers, and leaves nothing half done', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'kit.yaml'), 'stores:\n  files: { type: fs, path: .kit/files }\n')
  const { base, child, ended } = await start(folder)
  await ask(base, 'PUT', `${objects}/big`, { body: Buffer.alloc(64 * 2 ** 20) })
  const before = await filesIn(folder)
  const response = await startDownload(base)
  response.on('error', () => undefined)
  const { hostname, port } = new URL(base)
  const uploading = request({ hostname, port, path: `${objects}/up`, method: 'PUT', agent: false })
  uploading.on('error', () => undefined)
  uploading.write(Buffer.alloc(2 ** 20))
  await sleep(200)
  child.kill('SIGINT')
  await sleep(300)
  expect(child.exitCode).toBeNull()
  child.kill('SIGINT')
  expect(await ended).toBe(0)
  expect(await filesIn(folder)).toEqual(before)
})
