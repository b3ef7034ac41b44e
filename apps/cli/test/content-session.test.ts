import { mkdir, readFile, readdir, readlink, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, vi } from 'vitest'
import { scripted, type Step } from './scripted.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const config = `stores:
  c: { type: content, path: content }
  a: { type: fs, path: data }
`

// As `ipfs add --only-hash` tells them; content-kubo.test.ts asks a real one.
const hello = 'bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am'
const helloV0 = 'QmZULkCELmmk5XNfCgTnCyFgAVxBRBXyDHGGMVoLFLiXEN'
const absent = 'bafkreiahmlpzmlhqegxyzvwycvyawy3brjfukfn7djyfr4c7i7r3m7wepi'

// Three blocks, none like another.
const deep = Buffer.from(Uint32Array.from({ length: 750_000 }, (_, at) => Math.imul(at, 2_654_435_761)).buffer)

const result = (fields: object): object => ({ type: 'result', ...fields })

async function makeTree(folder: string): Promise<void> {
  await mkdir(join(folder, 'tree/sub/empty'), { recursive: true })
  await writeFile(join(folder, 'tree/hello.txt'), 'hello\n')
  await writeFile(join(folder, 'tree/sub/deep.bin'), deep)
  await writeFile(join(folder, 'tree/.hidden'), 'h')
  await symlink('sub/deep.bin', join(folder, 'tree/link'))
}

const steps: readonly Step[] = [
  // Nothing was ever put into the store.
  { words: ['log', 'c:'], code: 3, stderr: /nothing was ever put into it/ },
  { words: ['check', 'c:'], code: 3, stderr: /nothing was ever put into it/ },
  { words: ['car', 'export', 'c:'], code: 3, stderr: /nothing was ever put into it/ },
  // CIDs without a store.
  { words: ['cid', 'tree/hello.txt'], before: makeTree, stdout: `${hello}\n`, stderr: '' },
  { words: ['cid', '-'], input: 'hello\n', stdout: `${hello}\n` },
  { words: ['cid', '--profile', 'unixfs-v0-2015', '-'], input: 'hello\n', stdout: `${helloV0}\n` },
  { words: ['cid', '--profile', 'x', '-'], code: 2, stderr: /Allowed choices/ },
  { words: ['cid', 'tree'], code: 1, stderr: /IsDirectory.*\nhint: Say -r/ },
  { words: ['cid', 'none'], code: 4, stderr: /NotFound/ },
  {
    words: ['cid', '-r', 'tree', 'tree/hello.txt'],
    stdout: new RegExp(`^bafy\\S+ {2}tree\\n${hello} {2}tree/hello.txt\\n$`),
    keep: 'tree',
  },
  {
    words: ['cid', '--json', 'tree/hello.txt', 'none'],
    code: 4,
    lines: [
      { type: 'cid', target: 'tree/hello.txt', cid: hello, size: 6, profile: 'unixfs-v1-2025' },
      { type: 'failed', address: 'none', error: expect.objectContaining({ code: 'NotFound' }) },
      result({ operation: 'cid', objects: 1, failed: 1 }),
    ],
    after: async (folder) => expect(await readdir(folder)).not.toContain('content'),
  },
  // Files and trees go in, and the same CIDs come out.
  { words: ['add', 'tree'], code: 1, stderr: /IsDirectory/ },
  {
    words: ['add', '-r', 'tree', '--name', 'the tree', '--json'],
    lines: [
      { type: 'added', target: 'tree', cid: expect.stringMatching(/^bafy/), size: 3_000_007 },
      result({ added: 1, bytes: 3_000_007 }),
    ],
  },
  { words: ['pin', 'ls', '--name', 'the tree'], stdout: /^bafy\S+ {2}recursive {2}the tree\n$/, keep: 'pinned' },
  { words: ['pin', 'info', '$tree'], stdout: /^bafy\S+ {2}recursive {2}the tree\n$/ },
  { words: ['add', '-'], input: 'hello\n', stdout: `${hello}\n` },
  { words: ['add', '-', '--name', 'greeting'], input: 'hello\n', stdout: `${hello}\n` },
  {
    words: ['pin', 'info', hello, '--json'],
    lines: [
      result({
        pin: {
          cid: hello,
          mode: 'recursive',
          name: 'greeting',
          metadata: { profile: 'unixfs-v1-2025' },
          status: 'pinned',
          copies: 1,
        },
      }),
    ],
  },
  { words: ['add', '--no-pin', '-'], input: 'loose', stdout: /^bafk/, keep: 'loose' },
  { words: ['add', '--no-pin', '--name', 'x', '-'], input: 'x', code: 2, stderr: /--no-pin/ },
  { words: ['add', '--name', 'x', 'tree/hello.txt', 'tree/.hidden'], code: 2, stderr: /one target/ },
  { words: ['add', 'none', 'tree/hello.txt'], code: 6, stdout: `${hello}  tree/hello.txt\n`, stderr: /NotFound/ },
  { words: ['add', '--store', 'a', '-'], input: 'x', code: 1, stderr: /Unsupported/ },
  { words: ['add', '--store', 'nobody', '-'], input: 'x', code: 3, stderr: /no store nobody/ },
  {
    words: ['get', '$tree', 'out'],
    stdout: '',
    after: async (folder) => {
      expect(await readFile(join(folder, 'out/hello.txt'), 'utf8')).toBe('hello\n')
      expect(await readFile(join(folder, 'out/sub/deep.bin'))).toStrictEqual(deep)
      expect(await readlink(join(folder, 'out/link'))).toBe('sub/deep.bin')
      expect(await readdir(join(folder, 'out/sub'))).toContain('empty')
    },
  },
  { words: ['cid', '-r', 'out'], stdout: /^bafy\S+\n$/, keep: 'again' },
  { words: ['pin', 'info', '$again'], stdout: /recursive {2}the tree\n$/ },
  { words: ['get', '$tree/hello.txt', '-'], stdout: 'hello\n' },
  {
    words: ['get', `c:/ipfs/$tree/hello.txt`, 'one.txt'],
    after: async (folder) => expect(await readFile(join(folder, 'one.txt'), 'utf8')).toBe('hello\n'),
  },
  { words: ['get', 'ipfs://$tree/sub/', '-n'], stdout: /^(?:\(dry-run\) .*\n)+$/, stderr: /to copy 1/ },
  {
    words: ['get', hello, 'a:copy.txt'],
    after: async (folder) => expect(await readFile(join(folder, 'data/copy.txt'), 'utf8')).toBe('hello\n'),
  },
  { words: ['get', absent], code: 4, stderr: /NotFound/ },
  { words: ['get', '$tree/none', 'x'], code: 4, stderr: /NotFound/ },
  { words: ['get', './tree'], code: 2, stderr: /names no content\nhint: .*kit cid/ },
  { words: ['get', 'a:copy.txt', 'x'], code: 1, stderr: /Unsupported/ },
  { words: ['get', `c:/ipfs/${hello}`, '--store', 'a', 'x'], code: 2, stderr: /are two/ },
  // Content where any other object may be named.
  { words: ['cat', `c:/ipfs/${hello}`, `ipfs://${hello}`], stdout: 'hello\nhello\n' },
  { words: ['cat', '--range', '1-3', `c:/ipfs/${hello}`], stdout: 'ell' },
  { words: ['ls', 'c:/ipfs/$tree'], stdout: '.hidden\nhello.txt\nlink\nsub/\n' },
  {
    words: ['ls', '-r', 'c:/ipfs/$tree/sub', '--json'],
    lines: [
      { type: 'entry', kind: 'file', size: 3_000_000 },
      { type: 'entry', kind: 'directory' },
      result({ entries: 2 }),
    ],
  },
  {
    words: ['stat', `c:/ipfs/${hello}`, '--json'],
    lines: [result({ address: `c:/ipfs/${hello}`, entry: expect.objectContaining({ cid: hello, size: 6 }) })],
  },
  { words: ['check', '--checksum', 'c:/ipfs/$tree', 'tree'], stdout: '', stderr: /0 differences\n$/ },
  { words: ['cp', 'tree/hello.txt', 'c:/ipfs/$tree/new'], code: 1, stderr: /Unsupported/ },
  { words: ['ls', 'c:/ipfs'], code: 2, stderr: /names no CID/ },
  { words: ['ls', 'c:/ipfs/nonsense'], code: 2, stderr: /not a CID/ },
  // Pins.
  {
    words: ['pin', 'add', '$tree/sub', '--direct', '--json'],
    lines: [{ type: 'pinned', mode: 'direct' }, result({ pinned: 1 })],
  },
  { words: ['pin', 'add', absent], code: 4, stderr: /NotFound/ },
  { words: ['pin', 'ls', '--mode', 'direct'], stdout: /^bafy\S+ {2}direct\n$/ },
  { words: ['pin', 'ls', '--mode', 'indirect', '--json'], lines: expectedLines(7, { pins: 7 }) },
  {
    words: ['pin', 'ls', '--limit', '2', '--json'],
    lines: [{ type: 'pin' }, { type: 'pin' }, result({ pins: 2, cursor: expect.any(String) })],
  },
  { words: ['pin', 'ls', '--limit', '2', '--quiet'], stdout: /^(?:\S+ {2}\w+.*\n){2}$/, stderr: '', keep: 'lastPin' },
  {
    words: ['pin', 'ls', '--limit', '2', '--cursor', '$lastPin', '--json'],
    lines: [{ type: 'pin' }, result({ pins: 1 })],
  },
  { words: ['pin', 'ls', '--limit', '0'], code: 2, stderr: /--limit 0/ },
  {
    words: ['pin', 'rm', '$tree/sub', absent],
    code: 6,
    stdout: /^bafy\S+\n$/,
    stderr: /NotFound[^]*hint: `kit pin ls`/,
  },
  { words: ['pin', 'ls', '--store', 'a'], code: 1, stderr: /Unsupported/ },
  // Nodes and blocks.
  {
    words: ['dag', 'put', '--pin', '--name', 'node'],
    input: `{"to":{"/":"${hello}"},"list":[1,{"deep":"x"}]}`,
    stdout: /^bafyrei\S+\n$/,
    keep: 'node',
  },
  { words: ['dag', 'get', '$node'], stdout: `{"list":[1,{"deep":"x"}],"to":{"/":"${hello}"}}\n` },
  { words: ['dag', 'get', '$node/list/1/deep'], stdout: '"x"\n' },
  { words: ['dag', 'get', '$node/list/1', '--json'], lines: [result({ value: { deep: 'x' } })] },
  { words: ['dag', 'get', '$node/none'], code: 4, stderr: /NotFound/ },
  { words: ['dag', 'get', '--output-codec', 'dag-cbor', '$node/list/0'], stdout: '\u0001' },
  { words: ['dag', 'put'], input: '{"n":9007199254740993}', stdout: /^bafyrei/, keep: 'large' },
  { words: ['dag', 'get', '$large'], stdout: '{"n":9007199254740993}\n' },
  {
    words: ['dag', 'get', '$large', '--json'],
    code: 1,
    lines: [result({ error: expect.objectContaining({ code: 'Unsupported' }) })],
  },
  { words: ['dag', 'put'], input: 'no json', code: 7, stderr: /is no dag-json/ },
  { words: ['cat', 'c:/ipfs/$node/to'], stdout: 'hello\n' },
  {
    words: ['block', 'stat', '$node'],
    stdout: /^cid {6}bafyrei\S+\nversion {2}1\ncodec {4}dag-cbor\nsize {5}\d+\nlinks {4}1\n$/,
  },
  { words: ['block', 'get', hello], stdout: 'hello\n' },
  {
    words: ['block', 'get', hello, '--json'],
    stdout: 'hello\n',
    stderr: /"type":"result","success":true,"operation":"block get"/,
  },
  { words: ['block', 'get', absent, '--json'], code: 4, stdout: '', stderr: /"success":false/ },
  { words: ['block', 'put'], input: 'a block', stdout: /^bafkrei\S+\n$/, keep: 'block' },
  { words: ['block', 'put', '--codec', 'dag-cbor'], input: 'a block', code: 7, stderr: /Corrupt/ },
  // What nothing holds is collected, and only that.
  {
    words: ['gc', '--json'],
    lines: [
      { type: 'collected', cid: expect.any(String), bytes: expect.any(Number) },
      { type: 'collected' },
      { type: 'collected' },
      result({ blocks: 3, bytes: 24 }),
    ],
  },
  { words: ['block', 'get', '$block'], code: 4, stderr: /NotFound/ },
  { words: ['block', 'get', '$loose'], code: 4, stderr: /NotFound/ },
  { words: ['gc'], stdout: '', stderr: 'collected 0 blocks, 0 B\n' },
  // CARs.
  { words: ['car', 'export', '$tree', 'tree.car'], stdout: '', stderr: '' },
  { words: ['car', 'export', '$tree', 'tree.car', '--if-absent'], code: 1, stderr: /AlreadyExists/ },
  { words: ['car', 'export', '$tree', 'tree/'], code: 1, stderr: /IsDirectory/ },
  { words: ['car', 'verify', 'tree.car'], stdout: /^sound: 1 root, \d+ blocks, 2\.86 MiB\n$/ },
  {
    words: ['car', 'verify', 'tree.car', '--json'],
    lines: [result({ complete: true, missing: 0, roots: [expect.any(String)] })],
  },
  { words: ['car', 'ls', 'tree.car'], stdout: /^ +\d+ {2}bafy\S+ {2}root\n(?: +\d+ {2}baf\S+\n)+$/ },
  { words: ['car', 'export', '$tree/sub', '--scope', 'block', 'part.car'] },
  { words: ['car', 'verify', 'part.car'], code: 4, stderr: /not complete .*5 blocks .* are not in it/ },
  { words: ['car', 'verify', 'part.car', '--partial'], stdout: /^sound: 1 root, [^\n]*; 5 missing\n$/ },
  {
    words: ['car', 'verify', 'cut.car'],
    before: async (folder) => cut(folder, 'tree.car', 'cut.car'),
    code: 7,
    stderr: /Corrupt/,
  },
  { words: ['car', 'verify', 'none.car'], code: 4 },
  { words: ['car', 'import', 'cut.car'], code: 7, stderr: /Corrupt/ },
  {
    words: ['car', 'import', 'tree.car', '--store', 'c', '--name', 'from a car'],
    stdout: /^bafy\S+\n$/,
    before: (folder) => rm(join(folder, 'content'), { recursive: true }),
  },
  { words: ['pin', 'ls'], stdout: /^bafy\S+ {2}recursive {2}from a car\n$/ },
  { words: ['car', 'import', 'part.car'], stdout: /^bafy\S+\n$/ },
  { words: ['pin', 'rm', '$tree', '$tree/sub'], stderr: '' },
  { words: ['gc'], stderr: /^collected [1-9]\d* blocks, 2\.86 MiB\n$/ },
  { words: ['car', 'import', 'part.car'], code: 4, stderr: /NotFound[^]*hint: .*--no-pin/ },
  {
    words: ['car', 'import', '--no-pin', '--json', 'part.car'],
    lines: [{ type: 'root', pinned: false }, result({ roots: 1 })],
  },
  // Versions of a tree.
  { words: ['log', 'c:'], stdout: '', stderr: '' },
  { words: ['diff', 'c:'], stdout: '' },
  { words: ['cp', '-', 'c:notes/a.txt'], input: 'one' },
  { words: ['cp', '-', 'c:notes/a.txt'], input: 'three' },
  { words: ['cp', '-', 'c:other.txt'], input: 'other' },
  {
    words: ['log', 'c:notes/a.txt'],
    stdout: /^bafyrei\S+ {2}\S+Z {10}5\nbafyrei\S+ {2}\S+Z {10}3\n$/,
    keep: 'lastOne',
  },
  {
    words: ['log', 'c:notes', '--json'],
    lines: [{ type: 'version', kind: 'directory' }, { type: 'version' }, result({ versions: 2 })],
  },
  { words: ['log', 'c:', '--limit', '2'], stdout: /^(?:bafyrei\S+ {2}\S+Z {10}-\n){2}$/, keep: 'newest' },
  { words: ['diff', 'c:'], stdout: '+ other.txt\n' },
  { words: ['diff', 'c:notes'], stdout: '* notes/a.txt\n' },
  { words: ['diff', 'c:', '$lastOne'], stdout: /^(?:\+ other.txt\n|\* notes\/a.txt\n){2}$/ },
  {
    words: ['diff', 'c:', '$newest', '$lastOne', '--json'],
    lines: [
      { type: 'change', key: 'notes/a.txt', change: 'changed', kind: 'file' },
      { type: 'change', key: 'other.txt', change: 'removed' },
      result({ equal: false, changes: 2 }),
    ],
  },
  { words: ['diff', 'c:', absent], code: 4, stderr: /NotFound[^]*hint: `kit log/ },
  {
    words: ['restore', 'c:', '$lastOne', '-n'],
    stdout: /^(?:\(dry-run\) [*-] (?:other.txt|notes\/a.txt)\n){2}$/,
    stderr: '(dry-run) 2 changes\n',
  },
  {
    words: ['restore', 'c:', '$lastOne', '--if-match', '$lastOne'],
    code: 1,
    stderr: /ConditionFailed[^]*hint: `kit log/,
  },
  {
    words: ['restore', 'c:notes/a.txt', '$lastOne', '--if-match', '$newest', '--message', 'as it was'],
    stdout: /^bafyrei/,
    stderr: 'restored c:notes/a.txt\n',
  },
  { words: ['restore', 'c:notes/a.txt', '$lastOne'], stderr: 'c:notes/a.txt is so already\n' },
  { words: ['cat', 'c:notes/a.txt', 'c:other.txt'], stdout: 'oneother' },
  { words: ['log', 'c:notes/a.txt', '--limit', '1'], stdout: / {2}as it was\n$/ },
  { words: ['restore', 'c:', '$lastOne', '--json'], lines: [result({ restored: true, address: 'c:' })] },
  { words: ['ls', '-r', 'c:'], stdout: 'notes/\nnotes/a.txt\n' },
  {
    words: ['log', 'c:other.txt', '--json'],
    lines: [{ type: 'version', removed: true }, { type: 'version', size: 5 }, result({ versions: 2 })],
  },
  { words: ['restore', 'c:', absent], code: 4, stderr: /NotFound/ },
  { words: ['log', 'a:'], code: 1, stderr: /Unsupported/ },
  { words: ['log', './tree'], code: 2, stderr: /has versions/ },
  { words: ['pin', 'add', 'c:notes/a.txt', '--name', 'notes'], stdout: /^baf/ },
  {
    words: ['get', 'c:notes/a.txt'],
    after: async (folder) => expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('one'),
  },
  { words: ['car', 'export', 'c:', 'whole.car'] },
  { words: ['car', 'verify', 'whole.car'], stdout: /^sound/ },
  // All of it is looked at, and damage is told.
  { words: ['check', 'c:'], stdout: '', stderr: /^sound: \d+ blocks/ },
  { words: ['check', 'c:notes'], stderr: /^sound: \d+ blocks/ },
  { words: ['check', 'c:', '--json'], lines: [result({ sound: true, damages: 0 })] },
  { words: ['check', 'c:', '--checksum'], code: 2, stderr: /--checksum is of two/ },
  { words: ['check', 'a:'], code: 1, stderr: /Unsupported/ },
  {
    words: ['check', 'c:'],
    before: (folder) => damage(folder),
    code: 7,
    stdout: /^! baf\S+\n$/,
    stderr: /1 block of \d+ damaged; not whole: .*newest version/,
  },
  {
    words: ['check', 'c:', '--json'],
    code: 7,
    lines: [
      { type: 'damage', cid: expect.any(String), reason: expect.any(String) },
      result({ sound: false, damages: 1, lost: { pins: expect.any(Array), tree: true } }),
    ],
  },
  { words: ['cat', 'c:notes/a.txt'], code: 7, stderr: /Corrupt/ },
  { words: ['check', 'c:notes'], code: 7, stderr: /Corrupt/ },
]

function expectedLines(lines: number, fields: object): readonly object[] {
  return [...Array.from({ length: lines }, () => ({})), result(fields)]
}

async function cut(folder: string, from: string, to: string): Promise<void> {
  await writeFile(join(folder, to), await readFile(join(folder, from)))
  await truncate(join(folder, to), 2_000_000)
}

/** Changes a byte of the file's text where it lies. */
async function damage(folder: string): Promise<void> {
  for (const name of await readdir(join(folder, 'content'), { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue
    const path = join(name.parentPath, name.name)
    const bytes = await readFile(path)
    const at = bytes.indexOf('one')
    if (at < 0) continue
    bytes[at] = 0x4f
    await writeFile(path, bytes)
    return
  }
  throw new Error('the text is in no file')
}

describe('a session with content', () => {
  scripted(config, steps)
})
