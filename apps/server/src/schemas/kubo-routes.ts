/** Descriptions of the routes of Kubo's API. Nothing of this is looked at when they are asked. */
import { z } from 'zod'
import { bytes, flag, media, wholeNumber, type Described } from './describe.ts'

const failure: z.ZodType = z
  .object({ Message: z.string(), Code: z.int(), Type: z.literal('error') })
  .meta({ id: 'KuboFailure', description: "The request failed; Kubo's form. The code of Kit is in X-Kit-Error." })

const text = (description: string): z.ZodType => z.string().optional().meta({ description })
const arg = z.string().meta({
  description: 'A CID, `/ipfs/CID/path` or, on stores with names, `/ipns/NAME/path`.',
  examples: ['bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'],
})
const common = {
  timeout: text('As Go spells durations: `30s`.'),
  encoding: z.literal('json').optional(),
}
const pins = media('The CIDs.', { 'application/json': z.object({ Pins: z.array(z.string()) }) })
const asJson =
  ' The parameters may also come as the members of a JSON body; `arg` may come several times, and be a list there.'

const added: z.ZodType = z.object({
  Name: z.string(),
  Hash: z.string().optional(),
  Size: z.string().optional().meta({ description: 'Bytes of the DAG, as text.' }),
  Bytes: z.int().optional().meta({ description: 'Of progress: how many have come.' }),
})

export const addDescribed: Described = {
  operationId: 'ipfsAdd',
  tags: ['ipfs'],
  summary: 'Adds files and trees',
  description:
    'A line of JSON for each file, as it is there, then for each directory. Parts are named by their `filename`, percent-encoded; `/` parts names. What breaks after the first line breaks the connection.',
  querystring: z.strictObject({
    pin: flag('Default true.'),
    'pin-name': text('Name of the pin.'),
    'cid-version': z
      .enum(['0', '1'])
      .optional()
      .meta({ description: 'Default 0, the profile unixfs-v0-2015; 1 is unixfs-v1-2025.' }),
    chunker: text('That of the profile, or none: size-262144, size-1048576.'),
    'raw-leaves': flag('As the profile has them.'),
    hash: z.literal('sha2-256').optional(),
    'only-hash': flag('Stores nothing.'),
    'wrap-with-directory': flag('Makes a directory of everything.'),
    progress: flag('Lines with `Bytes` too.'),
    ...common,
  }),
  consumes: ['multipart/form-data'],
  body: bytes,
  response: { 200: media('As lines.', { 'application/json': added }), default: failure },
}

const post = (method: 'GET' | 'POST'): { readonly name: string; readonly parameters: string } =>
  method === 'POST' ? { name: 'Post', parameters: asJson } : { name: '', parameters: '' }

export const catDescribed = (method: 'GET' | 'POST'): Described => ({
  operationId: `ipfsCat${post(method).name}`,
  tags: ['ipfs'],
  summary: 'The bytes of a file',
  description: `Each is checked against its CID. What begins behind the end is empty.${post(method).parameters}`,
  querystring: z.strictObject({
    arg,
    offset: wholeNumber('Bytes to leave out.').optional(),
    length: wholeNumber('Bytes at most.').optional(),
    ...common,
  }),
  response: { 200: media('The bytes.', { 'application/octet-stream': bytes }), default: failure },
})

export const pinAddDescribed: Described = {
  operationId: 'ipfsPinAdd',
  tags: ['ipfs'],
  summary: 'Pins content',
  description: `What is to be pinned has to be there.${asJson}`,
  querystring: z.strictObject({
    arg,
    recursive: flag('Default true.'),
    name: text('Name of the pin.'),
    metadata: text('A JSON object of texts.'),
    ...common,
  }),
  response: { 200: pins, default: failure },
}

export const pinRmDescribed: Described = {
  operationId: 'ipfsPinRm',
  tags: ['ipfs'],
  summary: 'Removes pins',
  description: `With \`recursive=false\`, one that is recursive is left and refused.${asJson}`,
  querystring: z.strictObject({ arg, recursive: flag('Default true.'), ...common }),
  response: { 200: pins, default: failure },
}

export const pinLsDescribed = (method: 'GET' | 'POST'): Described => ({
  operationId: `ipfsPinLs${post(method).name}`,
  tags: ['ipfs'],
  summary: 'What is pinned',
  description: `All pins, or how those of \`arg\` are pinned: one that is not is an error.${post(method).parameters}`,
  querystring: z.strictObject({
    arg: arg.optional(),
    type: z.enum(['all', 'recursive', 'direct', 'indirect']).optional(),
    name: text('Only pins whose name has this in it.'),
    names: flag('Tells names.'),
    stream: flag('A line for each pin, `{Cid, Type, Name?}`, instead of one object.'),
    ...common,
  }),
  response: {
    200: media('The pins.', {
      'application/json': z.union([
        z.object({ Keys: z.record(z.string(), z.object({ Type: z.string(), Name: z.string().optional() })) }),
        z.object({ Cid: z.string(), Type: z.string(), Name: z.string().optional() }),
      ]),
    }),
    default: failure,
  },
})

export const versionDescribed = (method: 'GET' | 'POST'): Described => ({
  operationId: `ipfsVersion${post(method).name}`,
  tags: ['ipfs'],
  summary: 'What answers',
  description: "Kubo's own command asks it before any other. `System` is `kit`, and the version Kit's.",
  querystring: z.strictObject({ ...common }),
  response: {
    200: media('It answers.', {
      'application/json': z.object({
        Version: z.string(),
        Commit: z.string(),
        Repo: z.string(),
        System: z.literal('kit'),
        Golang: z.string(),
      }),
    }),
    default: failure,
  },
})
