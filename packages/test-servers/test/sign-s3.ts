import { createHash, createHmac } from 'node:crypto'

interface Login {
  readonly accessKey: string
  readonly secretKey: string
  readonly region: string
}

/** The headers of one S3 request without query, by Signature Version 4, enough to see that a server takes a signature. */
export function signS3(method: string, url: string, body: string, login: Login): Record<string, string> {
  const { host, pathname } = new URL(url)
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const hash = sha256(body)
  const signed = 'host;x-amz-content-sha256;x-amz-date'
  const headers = `host:${host}\nx-amz-content-sha256:${hash}\nx-amz-date:${date}\n`
  const scope = `${date.slice(0, 8)}/${login.region}/s3/aws4_request`
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256([method, pathname, '', headers, signed, hash].join('\n'))].join(
    '\n',
  )
  let key: string | Buffer = `AWS4${login.secretKey}`
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
  const signature = createHmac('sha256', key).update(text).digest('hex')
  return {
    'x-amz-date': date,
    'x-amz-content-sha256': hash,
    authorization: `AWS4-HMAC-SHA256 Credential=${login.accessKey}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
