// Cookies, addresses and headers at the host of an application.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { beginAddress, nextAt } from '../../src/forward-auth/host-address.ts'
import { tokenInCookie } from '../../src/forward-auth/host-cookies.ts'
import { identityHeaders } from '../../src/forward-auth/identity-headers.ts'

const TOKEN = 'A'.repeat(43)
const OTHER = 'B'.repeat(43)
const NAME = '__Host-portcullis'

describe('the one cookie of the name counts', () => {
  for (const header of [
    `${NAME}=${TOKEN}`,
    `a=b; ${NAME}=${TOKEN}; c=d`,
    `${NAME}=${TOKEN};x`,
    `portcullis=${OTHER}; ${NAME}=${TOKEN}`,
    `${NAME}-begun=${OTHER}; ${NAME}=${TOKEN}`,
  ])
    test(header, () => assert.equal(tokenInCookie(header, NAME), TOKEN))
})

describe('no cookie counts', () => {
  for (const [title, header] of [
    ['without a header', undefined],
    ['of another name', `portcullis=${TOKEN}`],
    ['of another letter case', `__host-portcullis=${TOKEN}`],
    ['sent twice with two values', `${NAME}=${TOKEN}; ${NAME}=${OTHER}`],
    ['sent twice with one value', `${NAME}=${TOKEN}; ${NAME}=${TOKEN}`],
    ['sent twice, once empty', `${NAME}=${TOKEN}; ${NAME}=`],
    ['sent twice, once without a value', `${NAME}; ${NAME}=${TOKEN}`],
    ['too short', `${NAME}=${TOKEN.slice(1)}`],
    ['too long', `${NAME}=${TOKEN}A`],
    ['with another value behind it', `${NAME}=${TOKEN}=${OTHER}`],
    ['in quotes', `${NAME}="${TOKEN}"`],
    ['encoded', `${NAME}=%41${TOKEN.slice(1)}`],
  ] as const)
    test(title, () => assert.equal(tokenInCookie(header, NAME), undefined))
})

const application = { address: 'https://app.example:8443/start' }

describe('a hand-over leads only to a path of the application', () => {
  for (const [next, path] of [
    ['/reports?a=b', '/reports?a=b'],
    ['//evil.example/', '/'],
    ['/\\evil.example', '/'],
    ['https://evil.example/', '/'],
    ['https://app.example:8443/reports', '/'],
    ['reports', '/'],
    ['/.//evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['/a\r\nSet-Cookie: a=b', '/'],
    [`/${'a'.repeat(2000)}`, '/'],
    ['', '/'],
    [undefined, '/'],
    [['/a', '/b'], '/'],
  ] as const)
    test(JSON.stringify(next)?.slice(0, 60) ?? 'nothing', () => assert.equal(nextAt(application, next), path))
})

test('whatever is asked for, a hand-over begins and ends at the host of the application', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), fc.string(), (page, uri) => {
      for (const asker of ['navigation', 'htmx', 'program'] as const) {
        const begin = new URL(beginAddress(application, { uri, asker }, page))
        assert.equal(begin.origin, 'https://app.example:8443')
        assert.equal(begin.pathname, '/.portcullis/begin')
        const next = nextAt(application, begin.searchParams.get('next'))
        assert.equal(new URL(next, application.address).origin, 'https://app.example:8443')
      }
    }),
  )
})

test('htmx goes back to its page, not to the part that it asked for', () => {
  const asked = { uri: '/part', asker: 'htmx' } as const

  const begin = beginAddress(application, asked, 'https://app.example:8443/page?a=b#c')

  assert.equal(new URL(begin).searchParams.get('next'), '/page?a=b')
})

test('a page of another origin is not gone back to', () => {
  const asked = { uri: '/part', asker: 'htmx' } as const

  const begin = beginAddress(application, asked, 'https://evil.example/page')

  assert.equal(new URL(begin).searchParams.get('next'), '/')
})

test('every identity header is always there, in printable ASCII and without a line break', () => {
  const text = fc.string({ unit: 'grapheme' })
  fc.assert(
    fc.property(text, fc.array(fc.constantFrom('admin', 'tech-operator')), (name, groups) => {
      const account = { id: 'c1', name }
      const headers = identityHeaders('u1', { email: 'a@b.example', name, groups, account })
      assert.deepEqual(Object.keys(headers), [
        'X-Portcullis-User',
        'X-Portcullis-Email',
        'X-Portcullis-Name',
        'X-Portcullis-Groups',
        'X-Portcullis-Account',
      ])
      for (const [header, value] of Object.entries(headers))
        if (header !== 'X-Portcullis-Name' || name !== '') assert.match(value, /^[\x21-\x7e]+$/)
      assert.equal(decodeURIComponent(headers['X-Portcullis-Name']), name)
      assert.equal(headers['X-Portcullis-Groups'], groups.join(',') || '-')
    }),
  )
})
