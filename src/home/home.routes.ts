import { Router } from 'express'
import { mfaRequired } from '../gate/facts.ts'
import { personOf } from '../gate/gate.ts'

/** The dashboard's first page: who you are here, and how your sign-in is protected. */
export function homeRoutes(): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/', (_req, res) => {
    const person = personOf(res)
    res.render('home/home', {
      name: person.name,
      clientName: person.clientName,
      roleGroupNames: person.roleGroups.map(({ name }) => name),
      mfa: {
        active: person.authenticator !== null,
        since: person.authenticator?.activatedAt ?? null,
        required: mfaRequired(person),
      },
    })
  })

  return routes
}
