// Looks for secrets in texts, in whatever spelling they might have been written there.

/** A secret by what it is called, as the bytes or the text that it is. */
export interface Secret {
  name: string
  value: Buffer | string
}

/** Where a secret was found, as 'secret in place, spelling'. */
export function findSecrets(secrets: readonly Secret[], places: Readonly<Record<string, string>>): string[] {
  const lowered = Object.entries(places).map(([place, text]) => [place, text.toLowerCase()] as const)
  const found = secrets.flatMap(({ name, value }) =>
    Object.entries(spellingsOf(value)).flatMap(([spelling, text]) =>
      lowered
        .filter(([, contents]) => contents.includes(text.toLowerCase()))
        .map(([place]) => `${name} in ${place}, ${spelling}`),
    ),
  )
  return [...new Set(found)]
}

/**
 * Codes of six digits stand in ids, times and figures by chance: they are looked for as a number of their own, and
 * only in places where no such figure stands.
 */
export function findCodes(codes: readonly string[], places: Readonly<Record<string, string>>): string[] {
  return Object.entries(places).flatMap(([place, text]) =>
    codes
      .filter((code) => new RegExp(`(?<![0-9a-zA-Z.])${code}(?![0-9a-zA-Z])`).test(text))
      .map((code) => `code ${code} in ${place}`),
  )
}

function spellingsOf(value: Buffer | string): Record<string, string> {
  const bytes = Buffer.from(value)
  const spellings: Record<string, string> = { hex: bytes.toString('hex') }
  for (const before of [0, 1, 2]) {
    const inside = insideBase64(bytes, before)
    spellings[`base64 after ${before} bytes`] = inside
    spellings[`base64url after ${before} bytes`] = inside.replaceAll('+', '-').replaceAll('/', '_')
  }
  if (typeof value === 'string')
    return {
      ...spellings,
      plain: value,
      'URL-encoded': encodeURIComponent(value),
      'as a form field': new URLSearchParams({ '': value }).toString().slice(1),
      'as JSON': JSON.stringify(value).slice(1, -1),
    }
  const key = base32(bytes)
  return {
    ...spellings,
    plain: bytes.toString('latin1'),
    base32: key,
    'base32 in groups': key.replace(/.{4}(?=.)/g, '$& '),
  }
}

/** What base64 makes of these bytes wherever they stand in something longer: the characters that depend on no others. */
function insideBase64(bytes: Buffer, before: number): string {
  const whole = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  const bits = 8 * (before + bytes.length)
  return whole.slice(Math.ceil((8 * before) / 6), Math.floor(bits / 6))
}

/** RFC 4648, without padding. */
function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(Number.parseInt(five.padEnd(5, '0'), 2)))
    .join('')
}
