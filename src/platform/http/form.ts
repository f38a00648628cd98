import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import createHttpError from 'http-errors'
import { inTurn } from './in-turn.ts'

const parse = express.urlencoded({ extended: false, inflate: false, limit: '16kb', parameterLimit: 50 })
/** A thousand ids, and what is asked of them. */
const parseMany = express.urlencoded({
  extended: false,
  inflate: false,
  limit: '64kb',
  parameterLimit: 1_020,
})

/** PostgreSQL stores no NUL in text. HTML also replaces it by U+FFFD. */
function withoutNul(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNul)
  return typeof value === 'string' ? value.replaceAll('\0', '\ufffd') : value
}

/** Used in each route, not before the gate, so that no body of a redirected request is read. */
export function readForm<Params>(req: Request<Params>, res: Response, next: NextFunction): void {
  readWith(parse, req, res, next)
}

/** For a form that names many people. */
export function readLargeForm<Params>(req: Request<Params>, res: Response, next: NextFunction): void {
  readWith(parseMany, req, res, next)
}

function readWith<Params>(
  read: RequestHandler,
  req: Request<Params>,
  res: Response,
  next: NextFunction,
): void {
  const isEmpty = req.get('content-length') === '0'
  const isForm = req.is('application/x-www-form-urlencoded')
  if (isForm === false && !isEmpty) throw createHttpError(415)
  read(req as Request, res, (error?: unknown) => {
    req.body ??= {}
    for (const [name, value] of Object.entries(req.body)) req.body[name] = withoutNul(value)
    inTurn(res, () => next(error))
  })
}
