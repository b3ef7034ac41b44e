// Opens a log again and again, against others that do the same; while it is open, adds one to the number in its last record.
import { errorCode } from '../../../src/errors/index.ts'
import { openLog } from '../../../src/log/index.ts'

const [, , folder = '', times = '0'] = process.argv
for (let done = 0; done < Number(times);) {
  try {
    await using log = await openLog({ folder, format: 'test', version: 1, durable: 'process' })
    const before = log.last.offset === 0 ? 0 : Number(Buffer.from(await log.read(log.last)).toString())
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 2))
    await log.append([Buffer.from(String(before + 1))])
    done++
  } catch (error) {
    if (errorCode(error) !== 'Unavailable') throw error
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5))
  }
}
