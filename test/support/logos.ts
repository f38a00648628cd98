// Logos for tests: files, and rows as an upload leaves them.
import { createHash } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'
import type { Database } from '../../src/platform/db/client.ts'
import { clientLogos } from '../../src/platform/db/schema/client-logos.ts'

export const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><path fill="#0b5c57" d="M0 0h120v40H0z"/></svg>'

export function pngChunk(type: string, data: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}

export const PNG_SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')

/** A PNG in RGB. `pixels`: the unpacked rows, if they are not to fit the size; `extra`: chunks before the pixels. */
export function png(
  width: number,
  height: number,
  { pixels, extra = [], interlace = 0 }: { pixels?: Buffer; extra?: Buffer[]; interlace?: number } = {},
): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, interlace], 8)
  const file = Buffer.concat([
    PNG_SIGNATURE,
    pngChunk('IHDR', header),
    ...extra,
    pngChunk('IDAT', deflateSync(pixels ?? Buffer.alloc((1 + 3 * width) * height))),
    pngChunk('IEND', Buffer.alloc(0)),
  ])
  return new Uint8Array(file)
}

/** A logo of an account. Returns its hash. */
export async function addLogo(
  db: Database,
  clientId: string,
  state: 'draft' | 'public' = 'draft',
): Promise<string> {
  const content = Buffer.from(SVG)
  const hash = createHash('sha256').update(content).digest('hex')
  const size = { width: 120, height: 40 }
  await db
    .insert(clientLogos)
    .values({ clientId, state, hash, type: 'svg', content, ...size, savedAt: new Date() })
  return hash
}
