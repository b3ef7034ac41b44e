// One file for each entry point, what they share in chunks: loading fifty modules one by one costs four times as much as loading these.
export default {
  input: {
    index: 'dist/index.js',
    http: 'dist/http/index.js',
    node: 'dist/node/index.js',
    transfer: 'dist/transfer/index.js',
    log: 'dist/log/index.js',
  },
  platform: 'neutral',
  external: /^node:/,
  output: { dir: 'dist/bundle', cleanDir: true, sourcemap: true, chunkFileNames: 'shared-[hash].js' },
}
