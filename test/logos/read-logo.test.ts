// Which files are logos, and what is left of them. Attacks by file.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readLogo } from '../../src/logos/read-logo.ts'
import { PNG_SIGNATURE, png, pngChunk, SVG } from '../support/logos.ts'

async function problemOf(file: string | Uint8Array): Promise<string> {
  const read = await readLogo(Buffer.from(file))
  assert.ok('problem' in read, `taken: ${'logo' in read ? read.logo.content.toString('latin1', 0, 200) : ''}`)
  return read.problem
}

async function written(file: string | Uint8Array): Promise<string> {
  const read = await readLogo(Buffer.from(file))
  assert.ok('logo' in read, 'problem' in read ? read.problem : '')
  return read.logo.content.toString('latin1')
}

const svg = (inside: string, root = 'viewBox="0 0 60 20"') =>
  `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${root}>${inside}</svg>`

describe('an SVG', () => {
  test('leaves out styles that can occupy a browser for minutes', async () => {
    const style = 'filter:blur(500px);fill:red'

    const logo = await written(svg(`<style>rect{${style}}</style><path style="${style}"/>`))

    assert.match(logo, /rect\{fill:red\}.*style="fill:red"/)
    assert.doesNotMatch(logo, /filter/)
  })

  test('keeps shapes, gradients, clip paths and plain styles, and gets a size', async () => {
    const inside =
      '<style>.a{fill:#0b5c57}</style><defs><linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient>' +
      '<clipPath id="c"><rect width="9" height="9"/></clipPath></defs>' +
      '<g class="a" clip-path="url(#c)"><path style="fill:url(#g)" d="M0 0L9-9e-1z"/></g>'

    assert.equal(
      await written(svg(inside)),
      `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20" viewBox="0 0 60 20">${inside}</svg>`,
    )
    assert.match(
      await written(svg('', 'width="30px" height="10"')),
      /width="30" height="10" viewBox="0 0 30 10"/,
    )
  })

  test('loses what drawing programs add: comments, titles, their own data and unknown attributes', async () => {
    const file =
      '<?xml version="1.0" encoding="UTF-8"?>\n<!-- Generator -->\n' +
      '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n' +
      svg(
        '<title>A &amp; B</title><metadata><rdf:RDF><a href="https://evil.example"/></rdf:RDF></metadata>' +
          '<sodipodi:namedview id="v"><script>alert(1)</script></sodipodi:namedview><path inkscape:label="x" data-x="&#60;" d="M0 0"/>',
      )

    assert.equal(
      await written(file),
      '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20" viewBox="0 0 60 20"><path d="M0 0"/></svg>',
    )
  })

  const ATTACKS: Record<string, [file: string, problem: RegExp]> = {
    'a script': [svg('<script>alert(1)</script>'), /element “script”/],
    'a script by upper case': [svg('<SCRIPT>alert(1)</SCRIPT>'), /element “SCRIPT”/],
    'HTML in it': [svg('<foreignObject><p>Sign in here</p></foreignObject>'), /“foreignObject”/],
    'a link': [svg('<a href="https://evil.example"><rect/></a>'), /element “a”/],
    'an image from elsewhere': [svg('<image href="https://evil.example/x.png"/>'), /element “image”/],
    'an animation': [svg('<rect><set attributeName="href" to="javascript:alert(1)"/></rect>'), /“set”/],
    'copies of copies': [svg('<g id="a"/><use href="#a"/>'), /element “use”/],
    'masks of masks': [svg('<mask id="m"><rect mask="url(#m)"/></mask>'), /element “mask”/],
    'clip paths of clip paths': [
      svg('<clipPath id="a"><rect clip-path="url(#b)"/></clipPath>'),
      /may not have a clip path/,
    ],
    'clip paths of clip paths by style': [
      svg('<style>rect{clip-path:url(#b)}</style>'),
      /clip path only as an attribute/,
    ],
    'an event of the root': [svg('', 'viewBox="0 0 9 9" onload="alert(1)"'), /react to events/],
    'an event of an element': [svg('<rect onClick="alert(1)"/>'), /react to events/],
    'a gradient from elsewhere': [
      svg('<linearGradient xlink:href="https://evil.example/#g"/>'),
      /outside of itself/,
    ],
    'a script as a reference': [svg('<linearGradient href="javascript:alert(1)"/>'), /outside of itself/],
    'a fill from elsewhere': [svg('<rect fill="url(https://evil.example)"/>'), /characters/],
    'a fill from elsewhere without slashes': [svg('<rect fill="url(evil.example)"/>'), /outside of itself/],
    'a style from elsewhere': [svg('<style>@import url(x)</style>'), /characters/],
    'a style that escapes': [svg('<style>.a{fill:u\\72l(x)}</style>'), /characters/],
    'a comment in a style': [svg('<style>rect{fill:ur<!-- -->l(evil.svg)}</style>'), /plain rules/],
    'an element in a style': [svg('<style>rect{}<desc/>g{}</style>'), /only styles/],
    'nested styles': [svg('<style>g{rect{fill:red}}</style>'), /plain rules/],
    'a style that ends early': [svg('<style>.a{}</style><script>1</script>'), /element “script”/],
    'an entity from a file': [
      `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>${svg('<text>&x;</text>')}`,
      /plain SVG/,
    ],
    'entities that multiply': [
      `<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>${svg('<path d="&b;"/>')}`,
      /plain SVG/,
    ],
    'an entity in an attribute': [svg('<path d="M0&#32;0"/>'), /characters/],
    'a stylesheet of its own': [`<?xml-stylesheet href="x.xsl"?>${svg('')}`, /plain SVG/],
    'a section that is not read': [svg('<style><![CDATA[.a{}]]></style>'), /plain SVG/],
    'an HTML page that holds one': [`<html><body>${svg('')}</body></html>`, /no SVG image/],
    'a second one after it': [svg('') + svg('<path/>'), /more than one/],
    'text after it': [`${svg('')}alert(1)`, /text as text/],
    'one within': [svg(svg('')), /element “svg”/],
    text: [svg('<text>Harbour</text>'), /element “text”|text as text/],
    'tags that cross': [svg('<g><path></g></path>'), /do not match/],
    'an end too early': [svg('').slice(0, -6), /ends too early/],
    'an attribute twice': [svg('<path d="M0" d="M1"/>'), /twice/],
    'another encoding': ['\u00ff\u00fe', /no SVG|plain SVG|text as text/],
    'no size': [svg('', ''), /needs a viewBox/],
    'a size of nothing': [svg('', 'viewBox="0 0 0 10"'), /needs a viewBox/],
    'an endless size': [svg('', 'viewBox="0 0 1e300 1e300"'), /needs a viewBox/],
    'a line': [svg('', 'viewBox="0 0 900 10"'), /eight times/],
    'thousands of elements': [svg('<path/>'.repeat(2_001)), /too many elements/],
    'a deep nest': [svg('<g>'.repeat(30) + '</g>'.repeat(30)), /too many elements/],
  }
  for (const [name, [file, problem]] of Object.entries(ATTACKS))
    test(`is refused with ${name}`, async () => {
      assert.match(await problemOf(file), problem)
    })

  test('is refused if it is not in UTF-8', async () => {
    assert.match(await problemOf(Buffer.from(svg(''), 'utf16le')), /plain SVG|no SVG|text as text/)
    assert.match(await problemOf(Buffer.from([...Buffer.from(SVG), 0xff])), /UTF-8/)
  })

  test('of 64 KB that never ends is refused within half a second', async () => {
    const started = performance.now()
    for (const file of [
      `<svg${' '.repeat(65_000)}`,
      `<svg ${'a="" '.repeat(13_000)}`,
      `<!--${'-'.repeat(65_000)}`,
    ])
      await problemOf(file)
    assert.ok(performance.now() - started < 500)
  })
})

describe('a PNG', () => {
  test('keeps its pixels and loses texts, profiles and whatever follows it', async () => {
    const plain = await written(png(32, 20))
    const hidden = [
      pngChunk('tEXt', Buffer.from('x\0<script>alert(1)</script>')),
      pngChunk('iCCP', Buffer.alloc(9)),
    ]
    const polyglot = Buffer.concat([
      png(32, 20, { extra: hidden }),
      Buffer.from('<script>alert(1)</script>PK'),
    ])

    assert.equal(await written(polyglot), plain)
    assert.doesNotMatch(plain, /script|tEXt|iCCP/)
    assert.equal(await written(Buffer.from(plain, 'latin1')), plain, 'what was written is a PNG')
  })

  const REFUSED: Record<string, [file: Uint8Array, problem: RegExp]> = {
    'huge sides': [png(1, 1, { pixels: Buffer.alloc(4) }).fill(0xff, 16, 24), /not a PNG/],
    'sides beyond the limit': [png(2_000, 20), /16 to 1024 pixels/],
    'sides below the limit': [png(8, 8), /16 to 1024 pixels/],
    'more pixels than its size says': [png(32, 32, { pixels: Buffer.alloc(5_000_000) }), /not a PNG/],
    'fewer pixels than its size says': [png(32, 32, { pixels: Buffer.alloc(50) }), /not a PNG/],
    'rows that no filter makes': [png(32, 32, { pixels: Buffer.alloc(97 * 32, 9) }), /not a PNG/],
    interlacing: [png(32, 32, { interlace: 1 }), /interlacing/],
    'a sum that is wrong': [png(32, 32).fill(1, 40, 42), /not a PNG/],
    'only a signature': [PNG_SIGNATURE, /not a PNG/],
    'an end too early': [png(32, 32).subarray(0, -20), /not a PNG/],
  }
  for (const [name, [file, problem]] of Object.entries(REFUSED))
    test(`is refused with ${name}`, async () => {
      assert.match(await problemOf(file), problem)
    })
})

test('a file of another type, an empty one and one of more than 64 KB are no logo', async () => {
  assert.match(await problemOf(''), /Choose a file/)
  assert.match(await problemOf(Buffer.from('GIF89a\x01\x00\x01\x00')), /plain SVG|text as text|UTF-8/)
  assert.match(await problemOf(Buffer.from('ffd8ffe000104a464946', 'hex')), /UTF-8/)
  assert.match(await problemOf(svg(`<path d="${'M0 0'.repeat(17_000)}"/>`)), /at most 64 KB/)
})
