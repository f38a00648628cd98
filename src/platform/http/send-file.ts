import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Response } from 'express'

interface Download {
  name: string
  contentType: string
}

/**
 * Streams a file as a download, as it is read. An error before the first piece gets an error page; a later one breaks the
 * connection, so no file looks complete.
 */
export async function sendFile(
  res: Response,
  { name, contentType }: Download,
  pieces: AsyncIterable<string>,
): Promise<void> {
  const file = Readable.from(pieces)
  await once(file, 'readable')
  res.locals.answerWithin(Number.POSITIVE_INFINITY)
  res.attachment(name).type(contentType)
  await pipeline(file, res).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  })
}

/** Answers HEAD, which records nothing. */
export function describeFile(res: Response, { name, contentType }: Download): void {
  res.attachment(name).type(contentType).end()
}

/** 'audit-cafe-zoe-2026-11-30.csv'. */
export function fileNameOf(
  what: string,
  { name, id }: { name: string; id: string },
  now: Date,
  format: string,
): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const words =
    plain
      .match(/[a-z0-9]+/g)
      ?.join('-')
      .slice(0, 60) ?? id
  return `${what}-${words}-${now.toISOString().slice(0, 10)}.${format}`
}
