// PUBLIC_URL says https, and the proxy in front does not.
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { startApp } from '../../support/app.ts'

test('the log says once why sign-in fails when the proxy does not say that it speaks https', async () => {
  const app = await startApp({ PUBLIC_URL: 'https://dashboard.example', TRUST_PROXY: 'loopback' })
  try {
    const warn = mock.method(app.deps.log, 'warn', () => {})
    const signIn = (headers: Record<string, string> = {}) =>
      app
        .browser()
        .post('/sign-in', { email: 'finance@harbour.example', password: 'wrong password' }, headers)

    await app.browser().get('/sign-in')
    await signIn({ 'x-forwarded-proto': 'https' })
    assert.equal(warn.mock.callCount(), 0)
    await signIn()
    await signIn()

    assert.equal(warn.mock.callCount(), 1)
    assert.match(String(warn.mock.calls[0]?.arguments[0]), /X-Forwarded-Proto.*TRUST_PROXY/)
  } finally {
    await app.close()
  }
})
