// Opens a log for writing, appends records until it is told to end or is killed, and prints each number when it is acknowledged.
import { openLog } from '../../../src/log/index.ts'

const [, , folder = '', first = '0', count = '0'] = process.argv
const log = await openLog({ folder, format: 'test', version: 1, segmentBytes: 4096 })
process.stdout.write('open\n')
for (let number = Number(first); number < Number(first) + Number(count); number++) {
  await log.append([Buffer.from(`${number}`), Buffer.alloc(200)])
  process.stdout.write(`${number}\n`)
}
process.stdin.resume()
process.stdin.once('end', () => void log.close())
