import { randomBytes } from 'node:crypto'
import express, { type ErrorRequestHandler, type Express } from 'express'
import session from 'express-session'
import helmet from 'helmet'
import { backChannelRoutes } from './back-channel.routes.ts'
import { pagesRoutes } from './pages.routes.ts'
import { RelyingParty } from './relying-party.ts'
import type { Settings } from './settings.ts'
import { signInRoutes } from './sign-in.routes.ts'
import { STYLE } from './style.ts'
import { outside, signInLink } from './views.ts'
import { Visits } from './visits.ts'

/** The demo dashboard as an Express application. */
export function createDashboard(settings: Settings): Express {
  const secure = settings.address.startsWith('https:')
  const relyingParty = new RelyingParty(settings)
  const visits = new Visits()
  const app = express().disable('x-powered-by').disable('etag')

  app.use(securityHeaders(settings))
  app.get('/style.css', (_req, res) => res.set('Cache-Control', 'max-age=300').type('css').send(STYLE))
  app.use((_req, res, next) => {
    res.set('Cache-Control', 'no-store')
    next()
  })
  app.use(backChannelRoutes(settings, relyingParty, visits))
  app.use(
    session({
      // Cookies of localhost are sent to every port: the name must not be that of the gate.
      name: secure ? '__Host-quayside' : 'quayside',
      secret: randomBytes(32).toString('base64url'),
      cookie: { httpOnly: true, sameSite: 'lax', secure },
      resave: false,
      saveUninitialized: false,
    }),
  )
  app.use(signInRoutes(settings, relyingParty, visits))
  app.use(pagesRoutes(relyingParty, visits))
  app.use((_req, res) => {
    res
      .status(404)
      .send(outside('There is nothing here', ['This page does not exist.'], signInLink('To the overview')))
  })
  app.use(unreachable)
  return app
}

/** It shows nothing while it cannot ask the gate who is there. */
const unreachable: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) return next(error)
  res
    .status(503)
    .set('Retry-After', '5')
    .send(
      outside(
        'We cannot ask who you are',
        ['Portcullis does not answer just now. Until it does, Quayside shows nothing.'],
        signInLink('Try again'),
        true,
      ),
    )
}

function securityHeaders({ issuer }: Settings) {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ['data:'],
        // Signing out is a form, whose answer leads to the gate.
        formAction: ["'self'", new URL(issuer).origin],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: false,
  })
}
