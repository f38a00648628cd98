import type { NextFunction, Request, Response } from 'express'
import createHttpError from 'http-errors'
import multer, { MulterError } from 'multer'
import { SECOND } from '../time/durations.ts'
import { inTurn } from './in-turn.ts'

const MAX_BYTES = 2_000_000
const ANSWER_MS = 10 * SECOND

/** Against bodies of many empty parts or headers. */
const LIMITS = {
  files: 1,
  fileSize: MAX_BYTES,
  fields: 5,
  fieldSize: MAX_BYTES,
  fieldNameSize: 100,
  parts: 6,
  headerPairs: 10,
}
const parse = multer({ storage: multer.memoryStorage(), limits: LIMITS }).single('file')

export interface Upload {
  fields: Record<string, string>
  bytes: Uint8Array
  tooLarge: boolean
}

export const NOTHING_UPLOADED: Upload = { fields: {}, bytes: new Uint8Array(), tooLarge: false }

export function readUpload<Params>(req: Request<Params>, res: Response, next: NextFunction): void {
  if (!req.is('multipart/form-data')) throw createHttpError(415)
  parse(req as Request, res, (error?: unknown) => {
    const tooLarge = isTooMuch(error)
    if (error && !tooLarge) return next(createHttpError(400))
    const fields = Object.entries(req.body ?? {}).filter(
      (field): field is [string, string] => typeof field[1] === 'string',
    )
    const bytes = req.file?.buffer ?? NOTHING_UPLOADED.bytes
    req.body = { fields: Object.fromEntries(fields), bytes, tooLarge } satisfies Upload
    res.locals.answerWithin(ANSWER_MS)
    inTurn(res, next)
  })
  // A slow upload must not time out while data arrives.
  req.on('data', () => res.locals.answerWithin(ANSWER_MS))
}

function isTooMuch(error: unknown): boolean {
  return error instanceof MulterError && ['LIMIT_FILE_SIZE', 'LIMIT_FIELD_VALUE'].includes(error.code)
}
