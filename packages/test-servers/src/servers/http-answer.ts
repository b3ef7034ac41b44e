/** The status of one GET or POST without a body, with the answer's body read to its end. */
async function httpStatus(
  url: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<number> {
  const response = await fetch(url, { ...options, signal: AbortSignal.timeout(2000) })
  await response.arrayBuffer()
  return response.status
}

/** Throws unless `url` answers with `expected`. */
export async function expectStatus(
  url: string,
  expected: number,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<void> {
  const status = await httpStatus(url, options)
  if (status !== expected) throw new Error(`${url} answered ${status} instead of ${expected}`)
}
