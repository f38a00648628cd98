// Which attributes and styles of an SVG are kept, and in which characters. Pure.
import { LogoProblem } from './logo.ts'

const KEPT = new Set(
  `id class style d points x y x1 y1 x2 y2 cx cy r rx ry fx fy width height transform offset href opacity
   fill fill-opacity fill-rule clip-rule clip-path color display visibility overflow stop-color stop-opacity
   stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset
   gradientUnits gradientTransform spreadMethod clipPathUnits vector-effect shape-rendering paint-order`.split(
    /\s+/,
  ),
)

/** Without quotes, slashes and backslashes there is no address, no end of the attribute and no escape. */
const PLAIN = /^[\w\s.,;:#%()+-]*$/
const PLAIN_STYLE = /^[\w\s.,;:#%()+{}>*-]*$/
const LOADS = /(?:url|image|image-set|cross-fade|element|src|attr|env|var)\s*\(/i
const OWN_REFERENCE = /^#[\w.-]+$/
const ATTRIBUTE = /([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g

const REPLACED = ['viewBox', 'width', 'height', 'x', 'y']
const LIMITS = { shortest: 1, longest: 10_000, wider: 8, higher: 2 }

/**
 * As they are written into the tag. `inClipPath`: one clip path within another multiplies what is drawn. Throws
 * LogoProblem.
 */
export function allowedAttributes(
  element: string,
  given: ReadonlyMap<string, string>,
  inClipPath = false,
): string {
  const kept: string[] = []
  for (const [name, value] of given) {
    if (/^on/i.test(name)) throw new LogoProblem(`A logo may not react to events: “${name}”.`)
    const plain = name.replace(/^xlink:/, '')
    if (plain === 'href' && !OWN_REFERENCE.test(value))
      throw new LogoProblem('A logo may not refer to anything outside of itself.')
    if (plain === 'href' && !element.endsWith('Gradient')) continue
    if (plain === 'clip-path' && inClipPath) throw new LogoProblem('A clip path may not have a clip path.')
    if (!KEPT.has(plain)) continue
    if (!PLAIN.test(value))
      throw new LogoProblem(`The value of “${name}” has characters that a logo may not use.`)
    forbidReferences(value, inClipPath)
    kept.push(` ${plain}="${plain === 'style' ? keptStyles(value) : value}"`)
  }
  return kept.join('')
}

/** The content of a style element. Throws LogoProblem. */
export function allowedStyle(text: string): string {
  if (!PLAIN_STYLE.test(text))
    throw new LogoProblem('The styles of the SVG have characters that a logo may not use.')
  if (!/^(?:[^{}]*\{[^{}]*\})*[^{}]*$/.test(text))
    throw new LogoProblem('The styles of the SVG must be plain rules.')
  forbidReferences(text, true)
  return text.replace(/\{([^{}]*)\}/g, (_, list: string) => `{${keptStyles(list)}}`)
}

/** The root gets its size from `viewBox`, or from width and height. Throws LogoProblem. */
export function rootAttributes(given: ReadonlyMap<string, string>): {
  text: string
  size: { width: number; height: number }
} {
  const [x, y, boxWidth, boxHeight] = numbersIn(given.get('viewBox') ?? '')
  const width = boxWidth ?? lengthOf(given.get('width'))
  const height = boxHeight ?? lengthOf(given.get('height'))
  if (!isSide(width) || !isSide(height))
    throw new LogoProblem('The SVG needs a viewBox, or a width and a height in pixels.')
  if (width > height * LIMITS.wider || height > width * LIMITS.higher)
    throw new LogoProblem('A logo is at most eight times as wide as high, and twice as high as wide.')
  const others = new Map([...given].filter(([name]) => !REPLACED.includes(name)))
  const box = [x ?? 0, y ?? 0, width, height].join(' ')
  return {
    text: ` width="${width}" height="${height}" viewBox="${box}"${allowedAttributes('svg', others)}`,
    size: { width: Math.round(width), height: Math.round(height) },
  }
}

/** Throws LogoProblem. */
export function attributesIn(written: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, name = '', quoted, apostrophed] of written.matchAll(ATTRIBUTE)) {
    if (found.has(name)) throw new LogoProblem(`The SVG gives “${name}” twice in one element.`)
    found.set(name, quoted ?? apostrophed ?? '')
  }
  return found
}

/** Only 'url(#id)'. A style could apply a clip path within a clip path, so it may not use any. */
function forbidReferences(value: string, withoutClipPaths: boolean): void {
  if (LOADS.test(value.replace(/\burl\(#[\w.-]+\)/g, '')))
    throw new LogoProblem('A logo may not refer to anything outside of itself.')
  if (withoutClipPaths && /clip-path/i.test(value))
    throw new LogoProblem('A logo may set a clip path only as an attribute.')
}

function numbersIn(list: string): number[] {
  const numbers = list.split(/[\s,]+/).map(Number)
  return numbers.length === 4 && numbers.every(Number.isFinite) ? numbers : []
}

function lengthOf(value = ''): number | undefined {
  const number = /^([0-9]+(?:\.[0-9]+)?)(?:px)?$/.exec(value)?.[1]
  return number === undefined ? undefined : Number(number)
}

function isSide(length: number | undefined): length is number {
  return length !== undefined && length >= LIMITS.shortest && length <= LIMITS.longest
}

/** A filter or a blend of a few bytes can occupy a browser for minutes. */
function keptStyles(list: string): string {
  return list
    .split(';')
    .filter((style) => KEPT.has(style.split(':')[0]?.trim().toLowerCase() ?? ''))
    .join(';')
}
