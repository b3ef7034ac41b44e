import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CarWriter } from '@ipld/car'
import { CID } from 'multiformats/cid'
import { provide, temporaryFolder, tryProvide } from '@kit/test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildDirectory, editDirectory, type Profile } from '../../src/index.ts'
import { memoryBlocks, type MemoryBlocks } from './memory-blocks.ts'
import { fileOf, filesAtLimit, profiles, signal } from './subject.ts'

const kubo = await tryProvide('kubo')
const run = promisify(execFile)

/** A repository of its own for each profile; the command works on it without a daemon. */
class Repository implements AsyncDisposable {
  readonly #folder = temporaryFolder('kubo-directories')
  readonly #ready: Promise<unknown>
  #folders = 0

  constructor(profile: Profile) {
    this.#ready = this.#run(['init', `--profile=test,${profile}`])
  }

  async #run(args: readonly string[]): Promise<string> {
    const { path } = await this.#folder
    const env = { ...process.env, IPFS_PATH: join(path, 'repository'), IPFS_TELEMETRY: 'off' }
    const { stdout } = await run(await provide('kubo'), args, { env, maxBuffer: 64 << 20 })
    return stdout.trim()
  }

  async ipfs(...args: string[]): Promise<string> {
    await this.#ready
    return await this.#run(args)
  }

  async addFolder(files: ReadonlyMap<string, string>): Promise<string> {
    const folder = join((await this.#folder).path, `files-${++this.#folders}`)
    await mkdir(folder)
    for (const [name, text] of files) await writeFile(join(folder, name), text)
    return await this.ipfs('add', '-r', '-H', '-Q', folder)
  }

  async addFile(text: string): Promise<string> {
    const file = join((await this.#folder).path, `file-${++this.#folders}`)
    await writeFile(file, text)
    return await this.ipfs('add', '-Q', file)
  }

  async import({ blocks }: MemoryBlocks, root: string): Promise<void> {
    const { writer, out } = CarWriter.create([CID.parse(root)])
    const collected = (async () => {
      const chunks: Uint8Array[] = []
      for await (const chunk of out) chunks.push(chunk)
      return Buffer.concat(chunks)
    })()
    for (const [cid, bytes] of blocks) await writer.put({ cid: CID.parse(cid), bytes })
    await writer.close()
    const file = join((await this.#folder).path, `${root}.car`)
    await writeFile(file, await collected)
    await this.ipfs('dag', 'import', '--pin-roots=false', file)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ready.catch(() => undefined)
    await (await this.#folder).remove()
  }
}

describe.skipIf('missing' in kubo).each(profiles)('a directory of %s is the one that Kubo makes', (profile) => {
  let repository: Repository
  beforeAll(() => {
    repository = new Repository(profile)
  })
  afterAll(() => repository[Symbol.asyncDispose]())

  const edited = async (blocks: MemoryBlocks, cid: string | undefined, files: ReadonlyMap<string, string | null>) => {
    const edits = [...files].map(([name, text]) => [name, text === null ? null : fileOf(text, profile)] as const)
    return (await editDirectory(blocks, blocks, cid, new Map(edits), { profile, signal })).cid
  }

  it.each([
    ['empty', new Map<string, string>()],
    ['of one file', new Map([['a', '1']])],
    [
      'of names in many scripts and orders',
      new Map(
        ['é', 'e\u0301', 'z', 'Z', '\u{10FFFF}', '\uFFFD', ' ', '~', 'a b', 'ｱ', '-', '..a'].map((name) => [
          name,
          name,
        ]),
      ),
    ],
    ['as large as one that is not sharded can be', filesAtLimit(profile, 0)],
    ['one byte larger', filesAtLimit(profile, 1)],
    ['far larger', new Map(Array.from({ length: 6000 }, (_, index) => [`file number ${index}`, `${index % 10}`]))],
  ])('%s', async (_, files) => {
    const blocks = memoryBlocks()
    const theirs = await repository.addFolder(files)
    expect(await edited(blocks, undefined, files)).toBe(theirs)
    const builder = buildDirectory(blocks, { profile, signal })
    for (const [name, text] of files) await builder.add(name, fileOf(text, profile))
    expect((await builder.finish()).cid).toBe(theirs)
  })

  it('after a file more makes shards of it, and a file less one block again', async () => {
    const blocks = memoryBlocks()
    const files = filesAtLimit(profile, 0)
    const small = await edited(blocks, undefined, files)
    expect(await repository.addFolder(files)).toBe(small)
    const one = await repository.addFile('1')
    await repository.ipfs('files', 'cp', `/ipfs/${small}`, '/dir')
    await repository.ipfs('files', 'cp', `/ipfs/${one}`, '/dir/more')
    const large = await repository.ipfs('files', 'stat', '--hash', '/dir')
    expect(await edited(blocks, small, new Map([['more', '1']]))).toBe(large)
    await repository.ipfs('files', 'rm', '/dir/more')
    expect(await repository.ipfs('files', 'stat', '--hash', '/dir')).toBe(small)
    expect(await edited(blocks, large, new Map([['more', null]]))).toBe(small)
  })

  it('with a mode and a time of its own', async () => {
    const blocks = memoryBlocks()
    await repository.ipfs('files', 'mkdir', '/stat')
    await repository.ipfs('files', 'chmod', '750', '/stat')
    await repository.ipfs('files', 'touch', '--mtime=1614834367', '--mtime-nsecs=120000000', '/stat')
    const options = { profile, signal, mode: 0o750, modified: { seconds: 1_614_834_367, nanoseconds: 120_000_000 } }
    const ours = await editDirectory(blocks, blocks, undefined, new Map(), options)
    const theirs = await repository.ipfs('files', 'stat', '--hash', '/stat')
    // MFS makes CIDs of its own version, whatever the profile says.
    expect(CID.parse(ours.cid).toV1().toString()).toBe(CID.parse(theirs).toV1().toString())
  })

  it('and Kubo reads ours', async () => {
    const blocks = memoryBlocks()
    const files = new Map(Array.from({ length: 6000 }, (_, index) => [`ours ${index}`, `${index % 10}`]))
    const cid = await edited(blocks, undefined, files)
    await repository.import(blocks, cid)
    const listed = (await repository.ipfs('ls', '--resolve-type=false', '--size=false', cid)).split('\n')
    const names = listed.map((line) => line.slice(line.indexOf(' ')).trim())
    expect(new Set(names)).toEqual(new Set(files.keys()))
  })
})
