import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAddress, readExactAddresses } from '../../src/applications/addresses.ts'

const OWN = 'https://gate.example'

const GOOD: Record<string, string> = {
  'https://app.example': 'https://app.example/',
  ' https://APP.example:443/a?b=c ': 'https://app.example/a?b=c',
  'https://app.example:8443/': 'https://app.example:8443/',
  'https://bücher.example/': 'https://xn--bcher-kva.example/',
  'http://localhost:3100/': 'http://localhost:3100/',
  'http://127.0.0.1/': 'http://127.0.0.1/',
  'http://[::1]:3100/': 'http://[::1]:3100/',
}

const BAD: Record<string, RegExp> = {
  '': /Enter an address/,
  'app.example': /complete address/,
  '/path': /complete address/,
  'https://': /complete address/,
  'https:\\\\app.example': /complete address/,
  'https://app.example/a b': /complete address/,
  'http://app.example/': /begins with https/,
  'http://localhost.evil.example/': /begins with https/,
  'javascript:alert(1)': /begins with https/,
  'ftp://app.example/': /begins with https/,
  'https://user@app.example/': /user name/,
  'https://:secret@app.example/': /password/,
  'https://app.example/#part': /fragment/,
  'https://app.example/#': /fragment/,
  'https://*.example/': /wildcard/,
  'https://app.example/*': /wildcard/,
  'https://app.example./': /dot/,
  'https://gate.example/': /Portcullis itself/,
  'https://GATE.example:8443/': /Portcullis itself/,
  [`https://app.example/${'a'.repeat(500)}`]: /at most 500/,
}

for (const [typed, href] of Object.entries(GOOD))
  test(`the address '${typed}' is read as ${href}`, () => {
    const read = readAddress(typed, OWN)
    assert.ok('url' in read)
    assert.equal(read.url.href, href)
  })

for (const [typed, problem] of Object.entries(BAD))
  test(`the address '${typed.slice(0, 40)}' is refused`, () => {
    const read = readAddress(typed, OWN)
    assert.ok('problem' in read)
    assert.match(read.problem, problem)
  })

test('on this machine another port of our own host is another application, and our own port is not', () => {
  const own = 'http://localhost:3000'
  assert.ok('url' in readAddress('http://localhost:3100/', own))
  assert.ok('problem' in readAddress('http://localhost:3000/', own))
})

test('redirect addresses are kept as they were typed, each once', () => {
  const typed = 'https://app.example/cb?a=1\n\n  https://app.example\r\nhttps://app.example/cb?a=1\n'
  assert.deepEqual(readExactAddresses(typed, OWN), {
    addresses: ['https://app.example/cb?a=1', 'https://app.example'],
  })
  assert.deepEqual(readExactAddresses(' \n', OWN), { addresses: [] })
})

test('a redirect address in a spelling that no application sends is refused, with the right one', () => {
  for (const [typed, href] of [
    ['https://APP.example/cb', 'https://app.example/cb'],
    ['https://app.example:443/cb', 'https://app.example/cb'],
    ['https://app.example/a/../cb', 'https://app.example/cb'],
    ['https://bücher.example/cb', 'https://xn--bcher-kva.example/cb'],
  ] as const)
    assert.deepEqual(readExactAddresses(typed, OWN), { problem: `Write ${typed} as ${href}.` })
})

test('of several redirect addresses the message names the wrong one', () => {
  const read = readExactAddresses('https://app.example/cb\nhttps://gate.example/cb', OWN)
  assert.deepEqual(read, { problem: 'https://gate.example/cb: This is the address of Portcullis itself.' })
})

test('there are at most ten redirect addresses', () => {
  const lines = Array.from({ length: 11 }, (_, index) => `https://app.example/${index}`)
  assert.ok('problem' in readExactAddresses(lines.join('\n'), OWN))
  assert.ok('addresses' in readExactAddresses(lines.slice(1).join('\n'), OWN))
})
