// Decodes a text file without losing letters, or refuses it. Pure.

export type ReadText = { text: string } | { problem: string }

const SAVE_AS = 'Save it as “CSV UTF-8” and try again.'

/** Reads UTF-8 with or without a byte order mark, and UTF-16 with one. */
export function readText(bytes: Uint8Array): ReadText {
  const utf16 =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : null
  const text = decode(bytes, utf16 ?? 'utf-8')
  if (text === null)
    return {
      problem: utf16
        ? `The file begins like UTF-16, but is damaged. ${SAVE_AS}`
        : `Line ${firstBadLine(bytes)} is not UTF-8; it looks like Windows-1252 (“ANSI”), where letters such as é would be lost. ${SAVE_AS}`,
    }
  // UTF-16 without a byte order mark, or a binary file.
  if (text.includes('\0')) return { problem: `This is not UTF-8 text. ${SAVE_AS}` }
  return { text: text.replace(/\r\n?/g, '\n') }
}

function decode(bytes: Uint8Array, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function firstBadLine(bytes: Uint8Array): number {
  const [sound = ''] = new TextDecoder().decode(bytes).split('\ufffd', 1)
  return sound.split('\n').length
}
