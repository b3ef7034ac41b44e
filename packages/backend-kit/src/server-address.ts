import { storageError, type Checked } from '@kit/core'
import type { KitOptions } from './index.ts'

/** Where the server is. @throws InvalidConfig for what is no such address, and for one that would show the token to the network */
export function addressOf({ url, plainHttp }: Pick<Checked<KitOptions>, 'url' | 'plainHttp'>): URL {
  const address = URL.parse(url)
  if (address === null || !/^https?:$/.test(address.protocol))
    throw wrong('url: an address is needed, such as https://kit.example.org')
  if (address.username !== '' || address.password !== '')
    throw wrong('url: no login goes in it; a token is given as `token`')
  if (address.search !== '' || address.hash !== '') throw wrong('url: it ends before `?` and `#`')
  if (address.protocol === 'http:' && plainHttp !== true && !isLoopback(address.hostname)) {
    throw wrong(
      `url: http:// would send token and bytes unencrypted to ${address.host}; use https://, or set \`plainHttp\``,
    )
  }
  return address
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/**
 * `kit://host:port/store/directory` over TLS, `kit+http://…` without.
 * @throws InvalidConfig
 */
export function optionsOf(url: URL): KitOptions {
  if (url.username !== '' || url.password !== '') {
    throw wrong(`${url.protocol}//${url.host}: no login goes in an address; configure a store with a \`token\``)
  }
  const [store = '', ...directory] = url.pathname.slice(1).split('/').map(decoded)
  if (url.host === '' || store === '' || url.search !== '' || url.hash !== '') {
    throw wrong(`${url.href}: a store is written kit://host:port/store`)
  }
  const plainHttp = url.protocol === 'kit+http:'
  const prefix = directory.join('/').replace(/\/$/, '')
  return {
    url: `${plainHttp ? 'http' : 'https'}://${url.host}`,
    store,
    ...(prefix === '' ? {} : { prefix }),
    ...(plainHttp ? { plainHttp } : {}),
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw wrong('the percent-encoding of the address is none of UTF-8')
  }
}

function wrong(text: string): Error {
  return storageError('InvalidConfig', text)
}
