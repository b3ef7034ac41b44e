import { importCar, readCar } from '@kit/content'
import { storageError, toSource, type ByteStream, type Bytes, type Source } from '@kit/core'
import { isDirectoryText } from '../address.ts'
import { contentPlace } from '../content/content-place.ts'
import { hinting, withHint, type CommandResult } from '../outcome.ts'
import { streamProgressView } from '../progress.ts'
import { bytesText, countText } from '../quantities.ts'
import type { Session } from '../session.ts'
import { isDirectory } from '../sources.ts'
import { withStandardInput } from '../standard-input.ts'

export interface CarImportOptions {
  readonly store?: string
  /** False with `--no-pin`. */
  readonly pin?: boolean
  readonly name?: string
}

export interface CarExportOptions {
  readonly store?: string
  readonly scope?: string
  readonly ifAbsent?: boolean
}

export interface CarVerifyOptions {
  readonly partial?: boolean
}

/** Takes in a CAR, every block of it checked, and tells its roots; they are pinned unless told otherwise. */
export async function carImport(
  session: Session,
  file: string | undefined,
  { store: named, pin = true, name }: CarImportOptions,
): Promise<CommandResult> {
  const { output, call } = session
  if (name !== undefined && !pin) throw storageError('InvalidConfig', '--name is of the pin: it goes with no --no-pin')
  const { store } = await session.configured(named, ['content', 'write', ...(pin ? (['pins'] as const) : [])])
  let bytes = 0
  const advice = { NotFound: 'What it names is neither in it nor in the store: say --no-pin to keep a part.' }
  const roots = await withCar(session, file, (stream) =>
    hinting(pin ? advice : {}, () =>
      store.content.importCar(sourceOf(counted(stream, (count) => (bytes += count))), { pin }, call),
    ),
  )
  if (name !== undefined) for (const cid of roots) await store.pins.add(cid, { mode: 'recursive', name }, call)
  if (output.json) await output.lines(roots.map((cid) => ({ type: 'root', cid, pinned: pin })))
  else await output.write(roots.map((cid) => `${cid}\n`).join(''))
  return { fields: { roots: roots.length, bytes } }
}

/** Writes content as a CAR, to standard output or as an object of any store. */
export async function carExport(
  session: Session,
  target: string,
  file: string | undefined,
  options: CarExportOptions,
): Promise<CommandResult> {
  const { output, call } = session
  const place = await contentPlace(session, target, { store: options.store, needs: ['content'] })
  const scope = options.scope === 'entity' || options.scope === 'block' ? options.scope : 'all'
  const toOutput = file === undefined || file === '-'
  if (toOutput && process.stdout.isTTY) {
    const error = storageError('InvalidConfig', 'a CAR is no text for a terminal')
    throw withHint(error, 'Name a file, or send it on: `kit car export CID | …`.')
  }
  const stream = (): Promise<ByteStream> => place.store.content.car(place.path, { scope }, call)
  if (toOutput) {
    let bytes = 0
    for await (const chunk of await stream()) {
      await output.write(chunk)
      bytes += chunk.byteLength
    }
    return { fields: { bytes }, aside: true }
  }
  const to = await session.place(file)
  if (isDirectoryText(file) || (await isDirectory(session, to)))
    throw storageError('IsDirectory', 'it is a directory; name the file', { store: to.store.name, key: to.key })
  const address = to.addressOf(to.key)
  const onProgress = streamProgressView(session, address)
  const ifAbsent = options.ifAbsent === true ? (true as const) : undefined
  const entry = await to.store.write(to.key, await stream(), { ...call, ifAbsent, onProgress })
  return { fields: { to: address, bytes: entry.size } }
}

/** Checks every block of a CAR, and that it holds all that its roots need. @throws Corrupt; NotFound for what is missing */
export async function carVerify(
  session: Session,
  file: string | undefined,
  { partial = false }: CarVerifyOptions,
): Promise<CommandResult> {
  const { output, signal } = session
  let blocks = 0
  let bytes = 0
  let missing = 0
  let first: string | undefined
  const onMissing = (cid: string): void => {
    missing++
    first ??= cid
  }
  const onBytes = (size: number): void => {
    blocks++
    bytes += size
  }
  const nowhere = { put: () => undefined }
  const roots = await withCar(session, file, (stream) =>
    importCar(sourceOf(stream), nowhere, { signal, onBytes, onMissing }),
  )
  const sums = `${countText(roots.length, 'root')}, ${countText(blocks, 'block')}, ${bytesText(bytes)}`
  const fields = { roots, blocks, bytes, complete: missing === 0, missing }
  if (missing === 0 || partial) {
    if (!output.json) await output.write(`sound: ${sums}${missing === 0 ? '' : `; ${missing} missing`}\n`)
    return { fields }
  }
  const error = storageError(
    'NotFound',
    `the CAR is not complete (${sums}): ${countText(missing, 'block')} that its blocks name ${missing === 1 ? 'is' : 'are'} not in it, such as ${first}`,
  )
  return { fields, failures: [withHint(error, 'What is in it is sound. Say --partial where a part is meant.')] }
}

/** Lists the blocks of a CAR in their order, each checked. */
export async function carLs(session: Session, file: string | undefined): Promise<CommandResult> {
  const { output, signal } = session
  let blocks = 0
  let bytes = 0
  const roots = await withCar(session, file, async (stream) => {
    await using car = await readCar(stream, { signal })
    const isRoot = new Set(car.roots)
    for await (const { cid, bytes: block } of car.blocks) {
      blocks++
      bytes += block.byteLength
      const root = isRoot.has(cid)
      await output.lines([{ type: 'block', cid, size: block.byteLength, ...(root && { root }) }])
      if (!output.json) await output.write(`${String(block.byteLength).padStart(9)}  ${cid}${root ? '  root' : ''}\n`)
    }
    return car.roots
  })
  return { fields: { roots, blocks, bytes } }
}

/** A CAR in an object of any store, or standard input, as a stream. */
async function withCar<Result>(
  session: Session,
  file: string = '-',
  work: (stream: ByteStream) => Promise<Result>,
): Promise<Result> {
  const { output, call } = session
  const show = streamProgressView(session, file)
  let bytes = 0
  const shown = (stream: ByteStream): ByteStream => counted(stream, (count) => show?.({ bytes: (bytes += count) }))
  try {
    if (file === '-') return await withStandardInput(session, (stream) => work(shown(stream)))
    const { store, key } = await session.place(file)
    await using reading = await store.read(key, call)
    return await work(shown(reading))
  } finally {
    output.status([])
  }
}

/** A stream of unknown length that can be read once. */
function sourceOf(stream: ByteStream): Source {
  return toSource(stream)
}

async function* counted(stream: ByteStream, onBytes: (count: number) => void): AsyncGenerator<Bytes> {
  for await (const chunk of stream) {
    onBytes(chunk.byteLength)
    yield chunk
  }
}
