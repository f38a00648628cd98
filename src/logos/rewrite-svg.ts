// Reads an SVG strictly and writes it anew from what is allowed: nothing of the file is copied unread. Pure.
import { type Logo, LogoProblem } from './logo.ts'
import { allowedAttributes, allowedStyle, attributesIn, rootAttributes } from './svg-attributes.ts'

/** Without `use` and `mask`, whose nesting multiplies what a browser draws, and without anything that loads or runs. */
const DRAWN = new Set(
  `g defs path rect circle ellipse line polyline polygon linearGradient radialGradient stop clipPath style`.split(
    ' ',
  ),
)
/** Left out with all that is in them. So are elements with a prefix, in which drawing programs keep their own data. */
const LEFT_OUT = new Set(['title', 'desc', 'metadata'])

const MAX_ELEMENTS = 2_000
const MAX_DEPTH = 20

const BEFORE_ROOT =
  /^\uFEFF?(?:<\?xml [^<>?]*\?>)?\s*(?:<!--(?:(?!--)[\s\S])*-->\s*)*(?:<!DOCTYPE svg(?: PUBLIC "[^"<>[\]]*" "[^"<>[\]]*")?\s*>)?/
const COMMENT = /<!--(?:(?!--)[\s\S])*-->/y
const TEXT = /[^<]+/y
const TAG = /<(\/?)([A-Za-z][\w.:-]*)((?:\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y

interface Open {
  name: string
  leftOut: boolean
  inClipPath: boolean
}

/** Throws LogoProblem. */
export function rewriteSvg(bytes: Uint8Array): Logo {
  const source = textOf(bytes)
  const open: Open[] = []
  const written: string[] = []
  let size: { width: number; height: number } | null = null
  let elements = 0
  let at = BEFORE_ROOT.exec(source)?.[0].length ?? 0

  while (at < source.length) {
    const within = open.at(-1)
    const inStyle = within?.name === 'style'
    const skipped = inStyle ? null : read(COMMENT, source, at)
    if (skipped) {
      at += skipped[0].length
      continue
    }
    const text = read(TEXT, source, at)
    if (text) {
      at += text[0].length
      if (!within?.leftOut) written.push(textIn(within, text[0]))
      continue
    }
    const tag = read(TAG, source, at)
    if (!tag) throw new LogoProblem('The SVG is not written as a plain SVG file.')
    at += tag[0].length
    const [, closes, name = '', attributes = '', empty] = tag

    if (closes) {
      const closed = open.pop()
      if (closed?.name !== name || attributes || empty)
        throw new LogoProblem('The SVG has tags that do not match.')
      if (!closed.leftOut) written.push(`</${name}>`)
      continue
    }
    if (inStyle) throw new LogoProblem('A style of the SVG may hold only styles.')
    elements += 1
    if (elements > MAX_ELEMENTS || open.length >= MAX_DEPTH)
      throw new LogoProblem('The SVG has too many elements.')
    const leftOut = isLeftOut(name, within)
    const inClipPath = within?.inClipPath === true || name === 'clipPath'
    if (!within) {
      if (name !== 'svg' || size || empty)
        throw new LogoProblem('The file holds no SVG image, or more than one.')
      const root = rootAttributes(attributesIn(attributes))
      size = root.size
      written.push(`<svg xmlns="http://www.w3.org/2000/svg"${root.text}>`)
    } else if (!leftOut) {
      if (!DRAWN.has(name)) throw new LogoProblem(`A logo may not contain the SVG element “${name}”.`)
      written.push(`<${name}${allowedAttributes(name, attributesIn(attributes), inClipPath)}${empty}>`)
    }
    if (!empty) open.push({ name, leftOut, inClipPath })
  }
  if (open.length > 0 || !size) throw new LogoProblem('The SVG ends too early.')
  return { type: 'svg', content: Buffer.from(written.join('')), ...size }
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new LogoProblem('The SVG is not written in UTF-8.')
  }
}

function read(token: RegExp, source: string, at: number): RegExpExecArray | null {
  token.lastIndex = at
  return token.exec(source)
}

function isLeftOut(name: string, within: Open | undefined): boolean {
  return within !== undefined && (within.leftOut || name.includes(':') || LEFT_OUT.has(name))
}

function textIn(within: Open | undefined, text: string): string {
  if (text.trim() === '') return ''
  if (within?.name === 'style') return allowedStyle(text)
  throw new LogoProblem('A logo may not contain text as text. Convert it to paths.')
}
