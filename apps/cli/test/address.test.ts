import { describe, expect, test } from 'vitest'
import { isDirectoryText, parseAddress } from '../src/address.ts'

describe('an address', () => {
  test.each([
    ['-', { kind: 'stream' }],
    ['photos:', { kind: 'store', store: 'photos', path: '' }],
    ['photos:2026/a.jpg', { kind: 'store', store: 'photos', path: '2026/a.jpg' }],
    ['photos:2026/', { kind: 'store', store: 'photos', path: '2026' }],
    ['photos:a:b', { kind: 'store', store: 'photos', path: 'a:b' }],
    ['x', { kind: 'local', path: 'x' }],
    ['./a:b', { kind: 'local', path: './a:b' }],
    ['/a:b', { kind: 'local', path: '/a:b' }],
    ['s3://bucket', { kind: 'inline', parent: 's3://bucket', name: '' }],
    ['s3://bucket/', { kind: 'inline', parent: 's3://bucket/', name: '' }],
    ['s3://bucket/a', { kind: 'inline', parent: 's3://bucket/', name: 'a' }],
    ['s3://bucket/a/b%20c/', { kind: 'inline', parent: 's3://bucket/a', name: 'b c' }],
    ['s3://bucket/a?region=eu', { kind: 'inline', parent: 's3://bucket/?region=eu', name: 'a' }],
    ['photos:/ipfs/bafy/a b', { kind: 'content', store: 'photos', path: 'bafy/a b' }],
    ['photos:/ipfs/bafy/', { kind: 'content', store: 'photos', path: 'bafy' }],
    ['photos:/ipfs', { kind: 'content', store: 'photos', path: '' }],
    ['photos:ipfs/bafy', { kind: 'store', store: 'photos', path: 'ipfs/bafy' }],
    ['ipfs://QmX/a%20b', { kind: 'content', store: undefined, path: 'QmX/a b' }],
    ['/ipfs/bafy', { kind: 'local', path: '/ipfs/bafy' }],
    ['file:///srv/x', { kind: 'inline', parent: 'file:///srv', name: 'x' }],
  ])('%j is read as it is meant', (text, address) => {
    expect(parseAddress(text)).toStrictEqual(address)
  })

  test.each([[''], ['s3://['], ['s3://b/%FF'], ['ipfs://QmX/%FF']])('%j is refused', (text) => {
    expect(() => parseAddress(text)).toThrow(/InvalidConfig|InvalidKey/)
  })

  test('means a directory when it ends in a slash or names a whole store', () => {
    expect(['a/', 'photos:', 's3://b/'].every(isDirectoryText)).toBe(true)
    expect(['a', 'photos:a', 's3://b/a'].some(isDirectoryText)).toBe(false)
  })
})
