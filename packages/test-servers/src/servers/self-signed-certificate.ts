import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

export interface Certificate {
  /** PKCS #8 in PEM. */
  readonly key: string
  /** X.509 in PEM, for `localhost` and `127.0.0.1`; it is its own authority. */
  readonly certificate: string
}

/** A new self-signed certificate, valid from a day ago for ten years (RFC 5280, in DER; ECDSA P-256 with SHA-256). */
export function selfSignedCertificate(): Certificate {
  const keys = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
  const name = sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from('localhost')))))
  const day = 86_400_000
  const validity = sequence(time(Date.now() - day), time(Date.now() + 3650 * day))
  const alternatives = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])))
  const authority = sequence(der(0x01, Buffer.from([0xff])))
  const extensions = sequence(
    sequence(oid('551d11'), der(0x04, alternatives)),
    sequence(oid('551d13'), der(0x01, Buffer.from([0xff])), der(0x04, authority)),
  )
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)])
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    ecdsaWithSha256,
    name,
    validity,
    name,
    keys.publicKey,
    der(0xa3, extensions),
  )
  const signature = sign('sha256', body, createPrivateKey(keys.privateKey))
  const bits = der(0x03, Buffer.from([0]), signature)
  return { key: keys.privateKey, certificate: pem(sequence(body, ecdsaWithSha256, bits)) }
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const length = content.length
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content])
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content])
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, ...parts)
}

function integer(value: Uint8Array): Buffer {
  return der(0x02, value)
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function time(unixMs: number): Buffer {
  const [date = '', clock = ''] = new Date(unixMs).toISOString().split(/[T.]/)
  return der(0x17, Buffer.from(`${date.slice(2)}${clock}Z`.replaceAll(/[-:]/g, '')))
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
