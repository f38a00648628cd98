// Demo accounts may exist only where no other machine can reach them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readStartConfig } from '../../src/config.ts'
import { isLocal } from '../../src/start/demo-data.ts'

const given = (env: Record<string, string>) => isLocal(readStartConfig(env))

test('everything is local where HOST is loopback, PUBLIC_URL names localhost and the database is embedded', () => {
  assert.ok(given({}))
  for (const HOST of ['127.0.0.1', '127.0.0.2', '::1', '::ffff:127.0.0.1', 'localhost'])
    assert.ok(given({ HOST }), HOST)
  for (const PUBLIC_URL of [
    'http://localhost:3000',
    'https://localhost',
    'http://127.0.0.1',
    'http://[::1]:80',
  ])
    assert.ok(given({ PUBLIC_URL }), PUBLIC_URL)
})

test('an address, an origin or a database that others share is not local', () => {
  for (const HOST of ['0.0.0.0', '::', '192.0.2.7', 'gate.internal', '::ffff:192.0.2.7'])
    assert.ok(!given({ HOST }), HOST)
  for (const PUBLIC_URL of ['https://dashboard.example', 'https://localhost.evil.example'])
    assert.ok(!given({ PUBLIC_URL }), PUBLIC_URL)
  assert.ok(!given({ DATABASE_URL: 'postgres://portcullis@localhost/portcullis' }))
})
