import express, { type NextFunction, type Request, type Response } from 'express'
import createHttpError from 'http-errors'

const parse = express.raw({ type: 'multipart/form-data', limit: '2mb' })

/** More than any of our forms has. Without a limit a form of nothing but empty files is seconds of work. */
const MAX_PARTS = 50

/** What a form with a file sent: its text fields, and the file's bytes (none chosen: empty). */
export interface Upload {
  fields: Record<string, string>
  bytes: Uint8Array
}

/** Reads a form with one file into `req.body`: at most 2 MB of it. As readForm does with forms. */
export function readUpload<Params>(req: Request<Params>, res: Response, next: NextFunction): void {
  if (!req.is('multipart/form-data')) throw createHttpError(415)
  parse(req as Request, res, (error?: unknown) => {
    if (error) next(error)
    else
      toUpload(req.body, req.get('content-type') ?? '').then(
        (upload) => {
          req.body = upload
          next()
        },
        () => next(createHttpError(400)),
      )
  })
}

async function toUpload(body: Buffer<ArrayBuffer>, type: string): Promise<Upload> {
  // Every part has such a line, whatever lies between them.
  const parts = body.toString('latin1').split(/content-disposition/i, MAX_PARTS + 2).length - 1
  if (parts > MAX_PARTS) throw new Error('No form of ours has so many parts')
  const form = await new globalThis.Response(body, { headers: { 'content-type': type } }).formData()
  const upload: Upload = { fields: {}, bytes: new Uint8Array() }
  for (const [name, value] of form) {
    if (typeof value === 'string') upload.fields[name] = value
    else upload.bytes = new Uint8Array(await value.arrayBuffer())
  }
  return upload
}
