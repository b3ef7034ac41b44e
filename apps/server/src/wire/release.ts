/**
 * Gives the memory of bytes back at once. For whoever owns them and is done: left to the collector, a MiB here and a MiB there make it go
 * through the whole heap many times a second, and hold what is long of no use meanwhile. Bytes that share their memory are left alone.
 */
export function release({ buffer, byteOffset, byteLength }: Uint8Array): void {
  if (!(buffer instanceof ArrayBuffer) || buffer.detached) return
  if (byteLength >= worthIt && byteOffset === 0 && byteLength === buffer.byteLength) buffer.transfer(0)
}

/** Fewer bytes are cheaper left to the collector. */
const worthIt = 4_096
