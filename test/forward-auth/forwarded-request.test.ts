import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { forwardedHost, readForwardedRequest } from '../../src/forward-auth/forwarded-request.ts'

const REQUEST = {
  'x-forwarded-host': 'app.example',
  'x-forwarded-uri': '/reports?year=2026',
  'x-forwarded-method': 'GET',
  accept: 'text/html',
}

test('host, path and query come from the headers of the proxy', () => {
  assert.deepEqual(readForwardedRequest(REQUEST), {
    host: 'app.example',
    uri: '/reports?year=2026',
    asker: 'navigation',
  })
})

describe('a missing header is refused', () => {
  for (const [name, problem] of [
    ['x-forwarded-host', 'host'],
    ['x-forwarded-uri', 'uri'],
    ['x-forwarded-method', 'method'],
  ] as const)
    test(name, () => assert.equal(readForwardedRequest({ ...REQUEST, [name]: undefined }), problem))
})

describe('a repeated header is refused, as Node joins it', () => {
  for (const [name, joined, problem] of [
    ['x-forwarded-host', 'app.example, app.example', 'host'],
    ['x-forwarded-uri', '/, /admin', 'uri'],
    ['x-forwarded-method', 'GET, GET', 'method'],
  ] as const)
    test(name, () => assert.equal(readForwardedRequest({ ...REQUEST, [name]: joined }), problem))
})

describe('a host is read in lower case with its port', () => {
  for (const [given, read] of [
    ['App.Example', 'app.example'],
    ['app.example:8443', 'app.example:8443'],
    ['localhost', 'localhost'],
    ['[::1]:8443', '[::1]:8443'],
    ['10.0.0.7', '10.0.0.7'],
  ] as const)
    test(given, () => assert.equal(forwardedHost({ 'x-forwarded-host': given }), read))
})

describe('an odd host is refused', () => {
  for (const host of [
    '',
    '.',
    'app.example.',
    '.app.example',
    'app.example:',
    'app.example:99999999',
    'app.example/',
    'app.example@evil.example',
    'app.example,evil.example',
    'app example',
    'äpp.example',
    'http://app.example',
    '[::1',
    'a'.repeat(254),
  ])
    test(JSON.stringify(host.slice(0, 40)), () =>
      assert.equal(forwardedHost({ 'x-forwarded-host': host }), null),
    )
})

describe('a path that is read differently by proxies and applications is refused', () => {
  for (const path of [
    '//',
    '//evil.example/',
    '/a//b',
    '/.',
    '/..',
    '/../admin',
    '/public/../admin',
    '/public/./admin',
    '/public/..%2fadmin',
    '/public/%2e%2e/admin',
    '/%2E',
    '/a%2Fb',
    '/a%5cb',
    '/a%00b',
    '/a\\b',
    '/public;/admin',
    '/a;b=c?d=e',
  ])
    test(path, () => assert.equal(readForwardedRequest({ ...REQUEST, 'x-forwarded-uri': path }), 'path'))
})

describe('an address that no request has is refused', () => {
  for (const uri of ['', 'admin', 'http://app.example/', '*', '/a b', '/a#b', '/ä', '/a\tb'])
    test(JSON.stringify(uri), () =>
      assert.equal(readForwardedRequest({ ...REQUEST, 'x-forwarded-uri': uri }), 'uri'),
    )
})

describe('other addresses are read as they are', () => {
  for (const uri of [
    '/',
    '/a/.b/..c',
    '/a.b',
    '/%20%c3%a4',
    '/a?b=//c/../;d%2f',
    '/?next=https://app.example/',
  ])
    test(uri, () => {
      const read = readForwardedRequest({ ...REQUEST, 'x-forwarded-uri': uri })
      assert.ok(typeof read === 'object')
      assert.equal(read.uri, uri)
    })
})

test('a path that is accepted means the same resolved, decoded or as it is', () => {
  const piece = fc.constantFrom('a', '/', '.', '..', '%2e', '%2F', '%5c', '%00', '%61', ';', '\\', '-')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const path = `/${pieces.join('')}`
      const read = readForwardedRequest({ ...REQUEST, 'x-forwarded-uri': path })
      if (typeof read === 'string') return

      assert.equal(new URL(path, 'http://app.example').pathname, path)
      const decoded = decodeURIComponent(path)
      assert.equal(new URL(decoded, 'http://app.example').pathname, decoded)
    }),
    { numRuns: 2000 },
  )
})

test('no header makes reading fail', () => {
  const any = fc.oneof(fc.string(), fc.string({ unit: 'binary' }))
  fc.assert(
    fc.property(any, any, any, (host, uri, method) => {
      readForwardedRequest({ 'x-forwarded-host': host, 'x-forwarded-uri': uri, 'x-forwarded-method': method })
    }),
  )
})

describe('who asks decides how the way to the gate is told', () => {
  for (const [title, headers, asker] of [
    ['a navigation', { 'sec-fetch-mode': 'navigate', accept: '*/*' }, 'navigation'],
    ['a navigation of an old browser', { accept: 'text/html,*/*;q=0.8' }, 'navigation'],
    ['a HEAD navigation', { 'x-forwarded-method': 'HEAD' }, 'navigation'],
    ['fetch', { 'sec-fetch-mode': 'cors', accept: 'text/html' }, 'program'],
    ['an image', { 'sec-fetch-mode': 'no-cors', accept: 'image/*' }, 'program'],
    ['a program', { accept: 'application/json' }, 'program'],
    ['a form', { 'x-forwarded-method': 'POST', 'sec-fetch-mode': 'navigate' }, 'program'],
    ['a WebSocket', { upgrade: 'websocket', accept: 'text/html' }, 'program'],
    ['htmx', { 'hx-request': 'true', 'sec-fetch-mode': 'cors' }, 'htmx'],
    ['a form of htmx', { 'hx-request': 'true', 'x-forwarded-method': 'POST' }, 'htmx'],
  ] as const)
    test(title, () => {
      const read = readForwardedRequest({ ...REQUEST, ...headers })
      assert.ok(typeof read === 'object')
      assert.equal(read.asker, asker)
    })
})
