// Reads a tree over and over as another program would, until its input ends: every object must be whole. Tells how often it looked.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const [root = '', hashes = ''] = process.argv.slice(2)
const expected = new Map<string, string>(Object.entries(JSON.parse(readFileSync(hashes, 'utf8'))))
const seen = new Map<string, string>()
let looks = 0
let wrong = 0

function look(): void {
  if (!existsSync(root)) return
  for (const folder of readdirSync(root, { withFileTypes: true })) {
    if (!folder.isDirectory() || folder.name === '.kit') continue
    for (const name of readdirSync(join(root, folder.name))) {
      const key = `${folder.name}/${name}`
      try {
        const { ino, mtimeMs, size } = statSync(join(root, key))
        const state = `${ino}-${mtimeMs}-${size}`
        if (seen.get(key) === state) continue
        const hash = createHash('sha256')
          .update(readFileSync(join(root, key)))
          .digest('hex')
        looks++
        if (hash === expected.get(key)) seen.set(key, state)
        else {
          wrong++
          console.log(`partial ${key} ${size}`)
        }
      } catch (error) {
        // The parent empties the tree between rounds.
        if (!String(error).includes('ENOENT')) throw error
      }
    }
  }
}

const input = { ended: false }
process.stdin.on('end', () => (input.ended = true)).resume()
while (!input.ended) {
  try {
    look()
  } catch (error) {
    if (!String(error).includes('ENOENT')) throw error
  }
  await new Promise((resolve) => setTimeout(resolve, 5))
}
console.log(`looked ${looks} wrong ${wrong}`)
