// A small application behind forward authentication. It trusts no header, only the signed assertion.
// GATE=https://gate.example HOST=reports.example node example-application.mjs   (needs: npm install jose)
import { createServer } from 'node:http'
import { pathToFileURL } from 'node:url'
import { createRemoteJWKSet, jwtVerify } from 'jose'

/** Returns a function that tells who sends a request. It rejects what did not come through the gate. */
export function personReader({ gate, host, jwks = `${gate}/oidc/jwks`, now = () => new Date() }) {
  const keys = createRemoteJWKSet(new URL(jwks))
  return async ({ headers }) => {
    const { payload } = await jwtVerify(headers['x-portcullis-assertion'] ?? '', keys, {
      issuer: `${gate}/oidc`,
      audience: host,
      typ: 'portcullis-assertion+jwt',
      algorithms: ['EdDSA'],
      requiredClaims: ['sub', 'exp'],
      currentDate: now(),
    })
    return payload
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const personOf = personReader({ gate: process.env.GATE, host: process.env.HOST })
  createServer((request, response) => {
    personOf(request).then(
      ({ name, groups }) => response.end(`Hello ${name}, you are in ${groups.join(', ')}.\n`),
      () => response.writeHead(403).end('This application is open through the gate only.\n'),
    )
  }).listen(8080, '127.0.0.1')
}
