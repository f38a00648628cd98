import express, { type NextFunction, type Request, type Response } from 'express'
import createHttpError from 'http-errors'

const parse = express.urlencoded({ extended: false, inflate: false, limit: '16kb', parameterLimit: 50 })

/** PostgreSQL stores no NUL in a text, and nobody types one: it becomes what HTML makes of it, U+FFFD. */
function withoutNul(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNul)
  return typeof value === 'string' ? value.replaceAll('\0', '\ufffd') : value
}

/**
 * Reads the form that a route is posted. Forms come in one format; anything else with a body is 415, too much
 * of it 413. Stands in each route that takes a form, so that nobody's body is read whom the gate turns away.
 */
export function readForm<Params>(req: Request<Params>, res: Response, next: NextFunction): void {
  const isEmpty = req.get('content-length') === '0'
  const isForm = req.is('application/x-www-form-urlencoded')
  if (isForm === false && !isEmpty) throw createHttpError(415)
  parse(req as Request, res, (error?: unknown) => {
    req.body ??= {}
    for (const [name, value] of Object.entries(req.body)) req.body[name] = withoutNul(value)
    next(error)
  })
}
