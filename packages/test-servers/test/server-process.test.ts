import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../src/index.ts'
import { startProcess } from '../src/servers/server-process.ts'

function lives(pid: number): boolean {
  try {
    // Dead but not yet collected by its parent is dead; where there is no /proc that cannot be told.
    if (process.platform === 'linux') return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const room = new URL('../src/servers/server-process.ts', import.meta.url).href

it('takes the server and its folder with it when its own process is killed', async () => {
  await using folder = await temporaryFolder('guarded')
  const script = `
    const { startProcess } = await import(${JSON.stringify(room)})
    const server = await startProcess('/bin/sh', ['-c', 'trap "" TERM HUP; echo $$; sleep 600'], { folder: ${JSON.stringify(folder.path)} })
    while (server.log() === '') await new Promise((resolve) => setTimeout(resolve, 10))
    console.log(server.log())
    process.kill(process.pid, 'SIGKILL')`
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], (_, stdout) => resolve(stdout))
  })
  const pid = Number(output)
  expect(pid).toBeGreaterThan(1)
  for (let tries = 0; tries < 100 && (lives(pid) || existsSync(folder.path)); tries++) await sleep(20)
  expect([lives(pid), existsSync(folder.path)]).toEqual([false, false])
})

it('ends a server that does not heed SIGTERM, and what it has started', async () => {
  const server = await startProcess('/bin/sh', [
    '-c',
    'trap "" TERM; sh -c \'trap "" TERM; echo $$; sleep 600\' & wait',
  ])
  while (server.log() === '') await sleep(5)
  await server.stop(100)
  expect(server.exited()).toBe(true)
  const pid = Number(server.log())
  for (let tries = 0; tries < 100 && lives(pid); tries++) await sleep(20)
  expect(lives(pid)).toBe(false)
})

it('rejects when there is no such program', async () => {
  await expect(startProcess('/nonexistent/server', [])).rejects.toThrow('ENOENT')
})
