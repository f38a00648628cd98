// A dashboard of one page, at an address of its own, which leaves sign-in to the gate.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import * as client from 'openid-client'
import { type Begun, RelyingParty } from '../oidc/relying-party.ts'
import type { TestApp } from '../support/app.ts'

type Registered = NonNullable<Parameters<typeof RelyingParty.register>[1]>

export interface TinyApplication {
  origin: string
  close(): void
}

/** `/` signs in, `/form` has the code sent in a form, `/again` asks for a new authentication, `/leave` signs out and ends at `/bye`. */
export async function startTinyApplication(app: TestApp, given: Registered): Promise<TinyApplication> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  // Another site than the gate: the browser treats it so.
  const origin = `http://localhost:${port}`
  const party = await RelyingParty.register(app, {
    redirectUris: [`${origin}/callback`],
    postLogoutRedirectUris: [`${origin}/bye`],
    ...given,
  })
  const begun = new Map<string, Begun>()
  let idToken = ''

  const send = async (params: Record<string, string>): Promise<string> => {
    const request = await party.begin({ redirect_uri: `${origin}/callback`, ...params })
    begun.set(request.state, request)
    return request.url.href
  }
  const answers: Record<string, (url: URL) => Promise<string | { page: string }>> = {
    '/': () => send({}),
    '/form': () => send({ response_mode: 'form_post' }),
    '/again': () => send({ prompt: 'login' }),
    '/callback': async (url) => {
      const request = begun.get(url.searchParams.get('state') ?? '')
      if (!request) return { page: 'Unknown sign-in' }
      const tokens = await party.redeem({ begun: request, callback: url })
      idToken = tokens.id_token ?? ''
      return { page: `${party.name} of ${tokens.claims()?.name}` }
    },
    '/leave': async () =>
      client.buildEndSessionUrl(party.config, {
        id_token_hint: idToken,
        post_logout_redirect_uri: `${origin}/bye`,
      }).href,
    '/bye': async () => ({ page: 'Goodbye' }),
  }

  server.on('request', async (req: IncomingMessage, res: ServerResponse) => {
    const url = new URL(req.url ?? '/', origin)
    // The answer by form_post, as if it came in the address.
    if (req.method === 'POST') url.search = await text(req)
    const answer = answers[url.pathname] ?? (async () => ({ page: 'Nothing here' }))
    answer(url).then(
      (given) => {
        if (typeof given === 'string') return res.writeHead(302, { location: given }).end()
        res.writeHead(200, { 'content-type': 'text/html' })
        res.end(`<!doctype html><title>${given.page}</title><h1>${given.page}</h1><a href="/leave">Leave</a>`)
      },
      (error: unknown) => res.writeHead(500).end(String(error)),
    )
  })
  return { origin, close: () => server.close() }
}
