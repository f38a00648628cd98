// A small dashboard behind Portcullis by OpenID Connect. It asks the gate about every request, so that a reset or a
// disabled user stops the person here at the next one.
// npm install express express-session openid-client
// GATE=https://gate.example ORIGIN=https://reports.example CLIENT_ID=… CLIENT_SECRET=… SESSION_SECRET=… \
//   node express-openid-connect.mjs
import express from 'express'
import session from 'express-session'
import * as oidc from 'openid-client'

const { GATE, ORIGIN, CLIENT_ID, CLIENT_SECRET, SESSION_SECRET, PORT = '8080' } = process.env
const redirect_uri = `${ORIGIN}/callback`
const provider = await oidc.discovery(
  new URL(`${GATE}/oidc`),
  CLIENT_ID,
  undefined,
  oidc.ClientSecretBasic(CLIENT_SECRET),
  // Without TLS on a laptop only.
  { execute: /^http:..(localhost|127.0.0.1):/.test(GATE) ? [oidc.allowInsecureRequests] : [] },
)

/** By session id: { sub, accessToken, refreshToken, refreshing }. Several processes keep this in their database. */
const signIns = new Map()

const app = express()
app.set('trust proxy', 'loopback')
// A browser sends a Secure cookie over https only.
const secure = ORIGIN.startsWith('https:')
app.use(
  session({
    secret: SESSION_SECRET,
    resave: false,
    saveUninitialized: false,
    cookie: { secure, sameSite: 'lax' },
  }),
)

app.get('/sign-in', async (req, res) => {
  const code_verifier = oidc.randomPKCECodeVerifier()
  const state = oidc.randomState()
  req.session.begun = { code_verifier, state }
  const address = oidc.buildAuthorizationUrl(provider, {
    redirect_uri,
    scope: 'openid profile email groups account',
    state,
    code_challenge: await oidc.calculatePKCECodeChallenge(code_verifier),
    code_challenge_method: 'S256',
  })
  res.redirect(address.href)
})

app.get('/callback', async (req, res) => {
  const { begun } = req.session
  if (!begun)
    return res.status(400).send('Sign-in was not begun in this browser. <a href="/sign-in">Sign in</a>')
  const tokens = await oidc
    .authorizationCodeGrant(provider, new URL(req.originalUrl, ORIGIN), {
      pkceCodeVerifier: begun.code_verifier,
      expectedState: begun.state,
    })
    .catch((error) => error)
  // A person who may not enter comes back with this.
  if (tokens.error === 'access_denied') return res.status(403).send('This application is not open to you.')
  if (tokens instanceof Error) {
    console.error(tokens)
    return res.status(502).send('Sign-in failed. <a href="/sign-in">Try again</a>')
  }
  // A new session id, so that no attacker can have set it before.
  req.session.regenerate(() => {
    req.session.signedIn = true
    const { sub } = tokens.claims()
    signIns.set(req.sessionID, { sub, accessToken: tokens.access_token, refreshToken: tokens.refresh_token })
    res.redirect('/')
  })
})

/** The claims of the person now, or null if the gate has ended the sign-in. Throws if the gate does not answer. */
async function personOf(signIn) {
  const ask = () => oidc.fetchUserInfo(provider, signIn.accessToken, signIn.sub)
  try {
    // An access token works for five minutes.
    return await ask().catch((error) =>
      error.status === 401 ? refresh(signIn).then(ask) : Promise.reject(error),
    )
  } catch (error) {
    if (error.status === 401 || error.error === 'invalid_grant') return null
    throw error
  }
}

/** One at a time: a refresh token that is sent twice ends the sign-in. */
function refresh(signIn) {
  signIn.refreshing ??= oidc
    .refreshTokenGrant(provider, signIn.refreshToken)
    .then((tokens) => {
      signIn.accessToken = tokens.access_token
      signIn.refreshToken = tokens.refresh_token
    })
    .finally(() => {
      signIn.refreshing = undefined
    })
  return signIn.refreshing
}

// All routes below are open only to a person who is signed in at this moment.
app.use(async (req, res, next) => {
  const signIn = signIns.get(req.sessionID)
  req.person = signIn ? await personOf(signIn) : null
  if (req.person) return next()
  signIns.delete(req.sessionID)
  if (req.method === 'GET' && req.accepts('html')) res.redirect('/sign-in')
  else res.status(401).end()
})
app.get('/', (req, res) =>
  res.type('text').send(`Hello ${req.person.name}, you are in ${req.person.groups.join(', ')}.`),
)

app.use((error, _req, res, _next) => {
  console.error(error)
  res.status(503).set('Retry-After', '5').send('The gate does not answer. Try again in a moment.')
})
app.listen(Number(PORT), '127.0.0.1')
