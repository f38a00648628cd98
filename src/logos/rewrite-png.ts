// Reads a PNG strictly and writes it anew from its pixels: texts, profiles, animations and trailing data are left out.
import { promisify } from 'node:util'
import { crc32, deflate, inflate } from 'node:zlib'
import { type Logo, LogoProblem } from './logo.ts'

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')
const SIDES = { shortest: 16, longest: 1_024 }
const MAX_CHUNKS = 1_000

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
}
const BY_PALETTE = 3

const NOT_PNG = 'The file is not a PNG image, or it is damaged.'

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.equals(bytes.subarray(0, SIGNATURE.length))
}

/** Throws LogoProblem. Pixels are unpacked only as far as the size in the header allows: a bomb stops there. */
export async function rewritePng(bytes: Uint8Array): Promise<Logo> {
  const chunks = chunksOf(Buffer.from(bytes))
  const [header, ...others] = chunks
  if (header?.type !== 'IHDR' || header.data.length !== 13) throw new LogoProblem(NOT_PNG)
  const { width, height, rowBytes } = readHeader(header.data)
  const palette = others.filter(({ type }) => type === 'PLTE' || type === 'tRNS')
  checkPalette(header.data, palette)

  const packed = Buffer.concat(others.filter(({ type }) => type === 'IDAT').map(({ data }) => data))
  const pixels = await unpack(packed, rowBytes * height)
  for (let row = 0; row < height; row += 1)
    if ((pixels[row * rowBytes] ?? 0) > 4) throw new LogoProblem(NOT_PNG)

  const written = [
    header,
    ...palette,
    { type: 'IDAT', data: await promisify(deflate)(pixels, { level: 9 }) },
    { type: 'IEND', data: Buffer.alloc(0) },
  ]
  return { type: 'png', content: Buffer.concat([SIGNATURE, ...written.map(chunkBytes)]), width, height }
}

interface Chunk {
  type: string
  data: Buffer
}

/** Up to IEND. */
function chunksOf(file: Buffer): Chunk[] {
  const chunks: Chunk[] = []
  let at = SIGNATURE.length
  while (chunks.length < MAX_CHUNKS) {
    if (at + 12 > file.length) break
    const end = at + 8 + file.readUInt32BE(at)
    if (end + 4 > file.length) break
    if (crc32(file.subarray(at + 4, end)) !== file.readUInt32BE(end)) break
    const type = file.toString('latin1', at + 4, at + 8)
    if (type === 'IEND') return chunks
    chunks.push({ type, data: file.subarray(at + 8, end) })
    at = end + 4
  }
  throw new LogoProblem(NOT_PNG)
}

function readHeader(header: Buffer): { width: number; height: number; rowBytes: number } {
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const [depth = 0, colour = 0, compression, filter, interlace] = header.subarray(8)
  for (const side of [width, height])
    if (side < SIDES.shortest || side > SIDES.longest)
      throw new LogoProblem(`A PNG logo is ${SIDES.shortest} to ${SIDES.longest} pixels wide and high.`)
  const channels = CHANNELS[colour]
  if (channels === undefined || !DEPTHS[colour]?.includes(depth) || compression !== 0 || filter !== 0)
    throw new LogoProblem(NOT_PNG)
  if (interlace !== 0) throw new LogoProblem('Save the PNG without interlacing.')
  return { width, height, rowBytes: 1 + Math.ceil((width * depth * channels) / 8) }
}

function checkPalette(header: Buffer, chunks: readonly Chunk[]): void {
  const colours = chunks.filter(({ type }) => type === 'PLTE')
  const clear = chunks.filter(({ type }) => type === 'tRNS')
  const usesPalette = header[9] === BY_PALETTE
  const fits =
    colours.length <= 1 &&
    clear.length <= 1 &&
    (!usesPalette || colours.length === 1) &&
    colours.every(({ data }) => data.length > 0 && data.length <= 768 && data.length % 3 === 0) &&
    clear.every(({ data }) => data.length <= 256)
  if (!fits) throw new LogoProblem(NOT_PNG)
}

async function unpack(packed: Buffer, expected: number): Promise<Buffer> {
  const pixels = await promisify(inflate)(packed, { maxOutputLength: expected }).catch(() => null)
  if (pixels?.length !== expected) throw new LogoProblem(NOT_PNG)
  return pixels
}

function chunkBytes({ type, data }: Chunk): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(8 + data.length + 4)
  framed.writeUInt32BE(data.length, 0)
  named.copy(framed, 4)
  framed.writeUInt32BE(crc32(named), 8 + data.length)
  return framed
}
