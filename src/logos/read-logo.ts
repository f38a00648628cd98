// A logo from an uploaded file, by what the file is and not by its name.
import { type Logo, LogoProblem, MAX_LOGO_BYTES } from './logo.ts'
import { isPng, rewritePng } from './rewrite-png.ts'
import { rewriteSvg } from './rewrite-svg.ts'

export const TOO_LARGE = `The file is too large. A logo has at most ${MAX_LOGO_BYTES / 1024} KB.`

export type ReadLogo = { logo: Logo } | { problem: string }

export async function readLogo(bytes: Uint8Array): Promise<ReadLogo> {
  if (bytes.length === 0) return { problem: 'Choose a file.' }
  if (bytes.length > MAX_LOGO_BYTES) return { problem: TOO_LARGE }
  try {
    const logo = isPng(bytes) ? await rewritePng(bytes) : rewriteSvg(bytes)
    return logo.content.length > MAX_LOGO_BYTES ? { problem: TOO_LARGE } : { logo }
  } catch (error) {
    if (error instanceof LogoProblem) return { problem: error.message }
    throw error
  }
}
