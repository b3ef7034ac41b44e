import type { FastifyInstance, FastifySchema } from 'fastify'
import { z } from 'zod'
import type { Described } from '../src/schemas/describe.ts'

/** Answers in JSON that are not as the API's description says, gathered while a server answers. */
export function undescribedAnswers(app: FastifyInstance): readonly string[] {
  const wrong: string[] = []
  app.addHook('onSend', (request, reply, payload, done) => {
    const { routeOptions } = request
    const described: Described | FastifySchema | undefined = routeOptions.config.described ?? routeOptions.schema
    const json = typeof payload === 'string' && String(reply.getHeader('content-type')).startsWith('application/json')
    if (json && described?.response !== undefined) {
      const schema = schemaOf(described.response, reply.statusCode)
      // zod leaves names out that could be taken for a prototype; as metadata they are names like others.
      const data: unknown = JSON.parse(payload, (name, value: unknown) => (name === '__proto__' ? undefined : value))
      const where = `${request.method} ${routeOptions.url} ${reply.statusCode}`
      if (schema === undefined) wrong.push(`${where} is not described`)
      else wrong.push(...differences(schema, data).map((text) => `${where}: ${text}`))
    }
    done(null, payload)
  })
  return wrong
}

function schemaOf(responses: unknown, status: number): z.ZodType | undefined {
  const of = (name: string): unknown => Reflect.get(Object(responses), name)
  const found = of(String(status)) ?? (status >= 400 ? of('default') : undefined)
  const content: unknown = Reflect.get(Object(found), 'content')
  const schema: unknown =
    content === undefined ? found : Reflect.get(Object(Reflect.get(Object(content), 'application/json')), 'schema')
  return schema instanceof z.ZodType ? schema : undefined
}

/** Fields that are wrong, and fields that the description does not know. */
function differences(schema: z.ZodType, data: unknown): string[] {
  const checked = schema.safeParse(data)
  if (!checked.success) return [z.prettifyError(checked.error)]
  const [known, told] = [JSON.stringify(checked.data), JSON.stringify(data)]
  return known.length === told.length ? [] : [`fields that are not described: ${told} is read as ${known}`]
}
