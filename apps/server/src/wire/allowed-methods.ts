import type { FastifyInstance, FastifyRequest } from 'fastify'
import { refusal } from '../answers.ts'

export interface AllowedMethods {
  /** @throws Unsupported, 405 with `Allow`, where the path has routes, but none with the request's method */
  requireMethod(request: FastifyRequest): void
}

interface Known {
  readonly path: RegExp
  readonly methods: Set<string>
}

/** Knows the methods of every route that is added from now on. */
export function allowedMethods(app: FastifyInstance): AllowedMethods {
  const known = new Map<string, Known>()
  app.addHook('onRoute', ({ url, method }) => {
    // What takes every path, such as answers to preflights, says nothing of any.
    if (!url.startsWith('/')) return
    const entry = known.get(url) ?? { path: pathOf(url), methods: new Set<string>() }
    known.set(url, entry)
    for (const name of [method].flat()) entry.methods.add(name)
  })
  return {
    requireMethod(request) {
      const [path = ''] = request.url.split('?', 1)
      const allowed = [...known.values()].find((entry) => entry.path.test(path))
      if (allowed === undefined) return
      const headers = { allow: [...allowed.methods].join(', ') }
      throw refusal('Unsupported', `${request.method} is none of ${headers.allow}`, { status: 405, headers })
    },
  }
}

/** A pattern of Fastify's as a regular expression. */
function pathOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part === '*') return '.*'
    return part.startsWith(':') ? '[^/]+' : part.replaceAll(/[^\w-]/g, String.raw`\$&`)
  })
  return new RegExp(`^${parts.join('/')}$`)
}
