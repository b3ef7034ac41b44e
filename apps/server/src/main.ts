/** Serves stores over HTTP: what `npm start` runs. */
import { serve } from './service/serve.ts'

process.exitCode = await serve(process.argv.slice(2), process.env, { command: 'npm start --' })
