import { Worker } from 'node:worker_threads'

/** A thread that runs a text: functions that name nothing of their module, so that its code is wherever this one is bundled to. */
export function beginThread(name: string, code: string, data?: unknown): Worker {
  const worker = new Worker(code, {
    eval: true,
    name,
    workerData: data,
    // What the program was started with is not for this thread.
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  })
  // It keeps no program alive.
  worker.unref()
  return worker
}
