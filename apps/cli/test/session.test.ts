import { mkdir, readFile, readdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { scripted, type Step } from './scripted.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const config = `stores:
  a: { type: fs, path: data }
  b: { type: fs, path: more }
  m: { type: memory }
`

const read = (folder: string, ...path: string[]): Promise<string> => readFile(join(folder, ...path), 'utf8')
/** Every name below a folder, without what Kit keeps for itself there. */
const names = async (folder: string, ...path: string[]): Promise<string[]> => {
  const found = await readdir(join(folder, ...path), { recursive: true }).catch(() => [])
  return found.filter((name) => !/^\.kit(?:\/|$)/.test(name)).toSorted()
}

const steps: readonly Step[] = [
  // Nothing is there yet.
  { words: ['ls', 'a:'], stdout: '' },
  { words: ['ls', 'a:', '--json'], lines: [{ type: 'result', operation: 'ls', entries: 0, bytes: 0 }] },
  { words: ['stat', 'a:x'], code: 4, stderr: /^kit: NotFound: stat "x" on a: .*\nhint: .*\n$/ },
  { words: ['cat', 'a:x', '--json'], code: 4, stdout: '' },
  { words: ['ls', 'nobody:'], code: 3, stderr: /no store nobody/ },
  { words: ['sync', './none', 'a:'], code: 3, stderr: /NotFound/ },
  { words: ['check', 'a:none', 'b:'], code: 3, stderr: /NotFound/ },
  // Writing, by every way in.
  { words: ['cp', '-', 'a:in/one.txt'], input: 'one', stderr: '' },
  {
    words: ['cp', '-', 'a:in/two.txt', '--json'],
    input: 'two!',
    lines: [
      { type: 'copied', from: '-', to: 'a:in/two.txt', entry: expect.objectContaining({ size: 4 }) },
      { type: 'result', operation: 'cp', copied: 1, bytes: 4, failed: 0 },
    ],
  },
  { words: ['cp', '-', 'a:in/'], input: 'x', code: 1, stderr: /has no name/ },
  { words: ['cp', '-', 'a:x', '--dry-run'], input: 'x', code: 2, stderr: /--dry-run means nothing with `-`/ },
  { words: ['cat', 'a:in/one.txt', 'a:in/two.txt'], stdout: 'onetwo!' },
  { words: ['cp', 'a:in/two.txt', '-'], stdout: 'two!' },
  { words: ['cp', 'a:in/two.txt', '-', '--json'], stdout: 'two!', stderr: /"type":"result","success":true.*"bytes":4/ },
  {
    words: ['cp', '--if-absent', 'a:in/one.txt', 'a:in/two.txt'],
    code: 1,
    stderr: /AlreadyExists.*\nhint: .*--if-absent/,
  },
  { words: ['cp', '--if-match', '"no"', 'a:in/one.txt', 'a:in/two.txt'], code: 1, stderr: /ConditionFailed/ },
  { words: ['cp', '--if-match', 'x', '--if-absent', 'a:in/one.txt', 'a:y'], code: 2, stderr: /exclude each other/ },
  { words: ['cp', 'a:in', 'a:out'], code: 1, stderr: /IsDirectory.*\nhint: Say -r/ },
  { words: ['cp', '-r', 'a:in', 'a:in/deeper'], code: 2, stderr: /lies in/ },
  { words: ['cp', 'a:in/one.txt', 'a:in/one.txt'], code: 2, stderr: /the source and the destination/ },
  { words: ['cp', 'a:in/one.txt', './data/in/one.txt'], code: 2, stderr: /the source and the destination/ },
  // Trees.
  {
    words: ['cp', '-r', '-n', 'a:in', 'b:'],
    stdout: /^(?:\(dry-run\) copy a:in\/(?:one|two)\.txt -> b:in\/(?:one|two)\.txt\n|\(dry-run\) make b:in\n){3}$/,
    stderr: '(dry-run) to copy 2, 1 directory, 7 B\n',
    after: async (folder) => expect(await names(folder, 'more')).toStrictEqual([]),
  },
  {
    words: ['cp', '-r', 'a:in', 'b:', '--json'],
    lines: [
      { type: 'made', address: 'b:in' },
      { type: 'copied', from: 'a:in/one.txt', to: 'b:in/one.txt', verified: expect.any(String) },
      { type: 'copied', from: 'a:in/two.txt', to: 'b:in/two.txt' },
      { type: 'result', operation: 'cp', copied: 2, made: 1, bytes: 7, skipped: 0 },
    ],
  },
  {
    words: ['cp', '-r', 'a:in', 'b:', '--verbose'],
    stderr: /in\/one\.txt skipped: same by modified[^]*2 left alone in/,
  },
  { words: ['cp', '-r', 'a:in', 'b:', '--fail-if-nothing'], code: 9, stderr: '' },
  { words: ['cp', '-r', '-f', 'a:in', 'b:', '--json'], lines: expectedResult({ copied: 2 }, 2) },
  { words: ['check', 'a:in', 'b:in'], stdout: '', stderr: '2 the same, 0 differences\n' },
  { words: ['check', 'a:in', 'b:in', '--all', '--checksum', '--quiet'], stdout: '= one.txt\n= two.txt\n', stderr: '' },
  {
    words: ['check', 'a:in', 'b:in', '--json', '--checksum'],
    lines: [
      {
        type: 'result',
        operation: 'check',
        equal: true,
        same: 2,
        differs: 0,
        onlyLeft: 0,
        onlyRight: 0,
        by: { bytes: 2 },
      },
    ],
  },
  {
    words: ['check', 'a:in', 'b:in'],
    before: async (folder) => {
      await writeFile(join(folder, 'data/in/one.txt'), 'ONE')
      await writeFile(join(folder, 'data/in/new.txt'), 'new')
      await writeFile(join(folder, 'more/in/old.txt'), 'old')
      await utimes(join(folder, 'data/in/one.txt'), 1_700_000_000, 1_700_000_000)
    },
    code: 11,
    stdout: '+ new.txt\n- old.txt\n* one.txt\n',
    stderr: '1 the same, 3 differences\n',
  },
  {
    words: ['check', 'a:in', 'b:in', '--one-way', '--json'],
    code: 11,
    lines: [
      { type: 'compared', key: 'new.txt', verdict: 'only-left' },
      { type: 'compared', key: 'one.txt', verdict: 'differs', by: 'modified' },
      { type: 'result', success: true, equal: false, differs: 1, onlyLeft: 1, onlyRight: 0 },
    ],
  },
  { words: ['check', 'a:in', 'b:in', '--include', 'two.*'], code: 0, stderr: /^1 the same/ },
  { words: ['check', 'a:in/one.txt', 'b:in/one.txt'], code: 11, stdout: '* a:in/one.txt\n' },
  // One way, then with deletions.
  {
    words: ['sync', 'a:in', 'b:in', '--delete', '--dry-run', '--json'],
    lines: [
      { type: 'copied', dryRun: true, from: 'a:in/new.txt', reason: 'missing' },
      { type: 'copied', dryRun: true, from: 'a:in/one.txt', reason: 'differs' },
      { type: 'removed', dryRun: true, address: 'b:in/old.txt' },
      { type: 'result', dryRun: true, copied: 2, removed: 1 },
    ],
    after: async (folder) => expect(await names(folder, 'more/in')).toStrictEqual(['old.txt', 'one.txt', 'two.txt']),
  },
  {
    words: ['sync', 'a:in', 'b:in'],
    stdout: '',
    after: async (folder) =>
      expect(await names(folder, 'more/in')).toStrictEqual(['new.txt', 'old.txt', 'one.txt', 'two.txt']),
  },
  {
    words: ['sync', 'a:in', 'b:in', '--delete', '--exclude', 'old.*'],
    after: async (folder) => expect(await names(folder, 'more/in')).toContain('old.txt'),
  },
  {
    words: ['sync', 'a:in', 'b:in', '--delete', '--checksum', '--json'],
    lines: [
      { type: 'removed', address: 'b:in/old.txt' },
      { type: 'result', copied: 0, removed: 1, skipped: 3 },
    ],
  },
  { words: ['sync', 'a:', 'a:in'], code: 2, stderr: /lie in each other/ },
  { words: ['sync', './data/in', 'a:'], code: 2, stderr: /lie in each other/ },
  { words: ['sync', 'a:in/one.txt', 'b:in'], code: 1, stderr: /NotDirectory/ },
  {
    words: ['sync', './empty', 'b:', '--delete'],
    before: (folder) => mkdir(join(folder, 'empty')),
    code: 2,
    stderr: /is empty, and --delete would empty the destination\nhint: Say -f/,
    after: async (folder) => expect(await names(folder, 'more/in')).toHaveLength(3),
  },
  // Looking.
  { words: ['ls', 'b:in'], stdout: 'new.txt\none.txt\ntwo.txt\n' },
  { words: ['ls', 'b:', '-R', '--include', '*.txt', '--exclude', 'n*'], stdout: 'in/one.txt\nin/two.txt\n' },
  { words: ['ls', 'b:in', '--min-size', '4'], stdout: 'two.txt\n' },
  { words: ['ls', 'b:in', '--max-size', '3B', '--newer-than', '2024-01-01'], stdout: 'new.txt\n' },
  { words: ['ls', 'b:in', '--older-than', '300d'], stdout: 'one.txt\n' },
  { words: ['ls', 'b:in', '--filter', '- /two*', '--filter', '+ t*'], stdout: 'new.txt\none.txt\n' },
  {
    words: ['ls', 'b:in', '--filter-from', 'rules'],
    before: (folder) => writeFile(join(folder, 'rules'), '# none but one\n+ one.*\n- *\n'),
    stdout: 'one.txt\n',
  },
  { words: ['ls', 'b:in', '--filter', '* x'], code: 2, stderr: /is no rule/ },
  { words: ['ls', 'b:in', '--filter-from', 'norules'], code: 4, stderr: /norules/ },
  { words: ['ls', 'b:in', '--newer-than', '5'], code: 2, stderr: /--newer-than 5 is neither a time/ },
  { words: ['ls', 'b:in', '--min-size', 'big'], code: 2, stderr: /"big" is not a size/ },
  { words: ['ls', 'b:in', '--sort', 'size', '--limit', '1'], stdout: 'two.txt\n' },
  { words: ['ls', 'b:in', '--sort', 'colour'], code: 2, stderr: /Allowed choices are name, size, time/ },
  {
    words: ['ls', 'b:in', '--limit', '2', '--json'],
    lines: [
      { type: 'entry', address: 'b:in/new.txt', size: 3 },
      { type: 'entry', address: 'b:in/one.txt', size: 3 },
      { type: 'result', entries: 2, truncated: true },
    ],
  },
  { words: ['ls', '-lH', 'b:in/two.txt'], stdout: /^ {6}4 B {2}\S+Z {2}two\.txt\n$/ },
  {
    words: ['tree', 'b:'],
    stdout: 'b:\n└── in/\n    ├── new.txt\n    ├── one.txt\n    └── two.txt\n\n1 directory, 3 files, 10 B\n',
  },
  { words: ['tree', 'b:', '--include', 'two*', '-H'], stdout: /^b:\n└── in\/\n {4}└── two\.txt {2}\(4 B\)\n/ },
  {
    words: ['tree', 'b:', '-L', '1', '--json'],
    lines: [
      { type: 'entry', address: 'b:in' },
      { type: 'result', directories: 1, files: 0 },
    ],
  },
  { words: ['tree', 'b:', '-L', '0'], code: 2, stderr: /--depth 0/ },
  { words: ['du', 'b:', 'a:'], stdout: '     10 B          3  b:\n     10 B          3  a:\n' },
  { words: ['du', '-b', '-d', '1', 'b:'], stdout: /^ +10 +3 {2}b:in\n +10 +3 {2}b:\n$/ },
  {
    words: ['du', 'b:', '--json'],
    lines: [
      { type: 'directory', address: 'b:', objects: 3, bytes: 10 },
      { type: 'result', objects: 3, bytes: 10 },
    ],
  },
  { words: ['du', 'b:none'], stdout: /^ +0 B +0 {2}b:none\n$/ },
  {
    words: ['stat', 'b:in', '--json'],
    lines: [{ type: 'result', entry: expect.objectContaining({ kind: 'directory' }) }],
  },
  // Directories.
  { words: ['mkdir', 'a:x/y'], code: 3, stderr: /above it is not there\nhint: Say -p/ },
  { words: ['mkdir', '-p', 'a:x/y', 'a:x/y'], stderr: '' },
  { words: ['mkdir', 'a:x/y', 'a:x/z'], code: 6, stderr: /AlreadyExists/ },
  {
    words: ['mkdir', 'm:x', '--json'],
    code: 1,
    lines: [{ type: 'result', success: false, made: 0, error: expect.objectContaining({ code: 'Unsupported' }) }],
  },
  // Moving.
  { words: ['mv', 'a:none', 'a:some'], code: 4, stderr: /NotFound/ },
  { words: ['mv', 'a:in/two.txt', './data/in/two.txt'], code: 2, stderr: /source and the destination/ },
  {
    words: ['mv', 'a:in/two.txt', 'a:in/2.txt', '--json'],
    lines: [
      { type: 'moved', from: 'a:in/two.txt', to: 'a:in/2.txt' },
      { type: 'result', operation: 'mv', moved: 1, bytes: 4 },
    ],
  },
  { words: ['mv', '--if-absent', 'a:in/2.txt', 'a:in/one.txt'], code: 1, stderr: /AlreadyExists/ },
  {
    words: ['mv', 'a:in', './moved'],
    after: async (folder) => {
      expect(await names(folder, 'moved')).toStrictEqual(['2.txt', 'new.txt', 'one.txt'])
      expect(await read(folder, 'moved/2.txt')).toBe('two!')
      expect(await names(folder, 'data')).toStrictEqual(['x', 'x/y', 'x/z'])
    },
  },
  {
    words: ['mv', './moved/2.txt', './moved/new.txt', './moved/none', 'a:back/'],
    code: 6,
    stderr: /moved 2, 1 failed.*\nkit: NotFound/,
    after: async (folder) => expect(await names(folder, 'data/back')).toStrictEqual(['2.txt', 'new.txt']),
  },
  { words: ['mv', '-', 'a:x'], code: 2, stderr: /`-` is for cp/ },
  // Links.
  {
    words: ['cp', '-r', './linked', 'a:linked'],
    before: async (folder) => {
      await mkdir(join(folder, 'linked'))
      await writeFile(join(folder, 'linked/file'), 'file')
      await symlink('file', join(folder, 'linked/link'))
    },
    after: async (folder) => expect(await names(folder, 'data/linked')).toStrictEqual(['file', 'link']),
  },
  {
    words: ['cp', '-r', '--links', 'skip', './linked', 'a:unlinked'],
    after: async (folder) => expect(await names(folder, 'data/unlinked')).toStrictEqual(['file']),
  },
  {
    words: ['cp', '-r', './linked', 'm:linked', '--json'],
    lines: [
      { type: 'copied', to: 'm:linked/file' },
      { type: 'skipped', reason: 'link' },
      { type: 'result', copied: 1, skipped: 1 },
    ],
    stderr: /link is a link that the destination cannot hold; left out/,
  },
  {
    words: ['cp', '-r', './linked', 'a:x', '--links', 'eat'],
    code: 2,
    stderr: /Allowed choices are keep, follow, skip/,
  },
  {
    words: ['cp', '-r', './linked', 'a:read', '--verify', 'read', '--transfers', '1', '--retries', '0', '--no-resume'],
    stderr: '',
  },
  {
    words: ['cp', '-r', './linked', 'a:x', '--transfers', '0'],
    code: 2,
    stderr: /--transfers 0 is not a whole number/,
  },
  // What these stores cannot do is refused.
  { words: ['url', 'a:back/2.txt'], code: 1, stderr: /Unsupported/ },
  { words: ['url', 'a:back/2.txt', '--expires', 'soon'], code: 2, stderr: /--expires soon/ },
  { words: ['url', 'a:x', '--content-type', 'text/plain'], code: 2, stderr: /needs --method PUT/ },
  // Removing.
  {
    words: ['rm', '-r', '-n', 'a:linked'],
    stdout: /^(?:\(dry-run\) remove a:linked(?:\/file|\/link)?\n){3}$/,
    stderr: '(dry-run) 3 removals\n',
  },
  {
    words: ['rm', '-r', 'a:linked', '--include', 'f*'],
    after: async (folder) => expect(await names(folder, 'data/linked')).toStrictEqual(['link']),
  },
  { words: ['rm', 'a:none', '-f', '--fail-if-nothing'], code: 9, stderr: '' },
  {
    words: ['rm', 'a:none', 'a:back/2.txt', '--json'],
    code: 6,
    lines: [
      { type: 'failed', address: 'a:none', error: expect.objectContaining({ code: 'NotFound' }) },
      { type: 'removed', address: 'a:back/2.txt' },
      {
        type: 'result',
        success: false,
        removed: 1,
        failed: 1,
        error: expect.objectContaining({ code: 'NotFound', key: 'none' }),
      },
    ],
  },
  { words: ['rm', '-r', 'b:'], code: 2, stderr: /whole store/ },
  { words: ['rm', '-r', '-f', 'b:'], after: async (folder) => expect(await names(folder, 'more')).toStrictEqual([]) },
  { words: ['upload', 'ls', 'm:'], code: 1, stderr: /Unsupported/ },
  { words: ['upload', 'eat'], code: 2, stderr: /unknown command|too many arguments/ },
]

function expectedResult(fields: object, more: number): readonly object[] {
  return [...Array.from({ length: more }, () => ({})), { type: 'result', ...fields }]
}

test('a session has at least sixty calls', () => {
  expect(steps.length).toBeGreaterThanOrEqual(60)
})

describe('a session', () => {
  scripted(config, steps)
})
