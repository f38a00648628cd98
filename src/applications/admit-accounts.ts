import { and, eq, inArray } from 'drizzle-orm'
import { z } from 'zod'
import { mayRunApplications } from '../access/rules.ts'
import type { Deps } from '../deps.ts'
import { applicationClients } from '../platform/db/schema/applications.ts'
import { enqueue } from '../platform/outbox/enqueue.ts'
import { type ApplicationOutcome, type ApplicationRequest, actOnApplication } from './act-on-application.ts'
import { ACCOUNTS_A_PAGE, readAccountChoices } from './admitted-accounts.queries.ts'
import { readDeskEvidence } from './read-desk-evidence.ts'

const id = z.uuid()

/** `shown`: the accounts that the form listed, comma-separated. Accounts that it did not list stay as they are. */
const chosen = z.object({
  shown: z
    .string()
    .catch('')
    .transform((text) => text.split(',').filter((one) => id.safeParse(one).success))
    .transform((ids) => ids.slice(0, ACCOUNTS_A_PAGE)),
  clients: z.union([z.string().transform((one) => [one]), z.array(z.string())]).catch([]),
})

/** Admits those of the listed accounts that are ticked, and no longer admits the others. */
export function admitAccounts(deps: Deps, request: ApplicationRequest): Promise<ApplicationOutcome> {
  return actOnApplication(deps, request, {
    action: 'application.changed',
    rule: mayRunApplications,
    carryOut: async (tx, { application, form }) => {
      const read = readDeskEvidence(form)
      if ('problems' in read) return read
      const { shown, clients: ticked } = chosen.parse(form)
      const listed = await readAccountChoices(tx, application.id, shown)
      const added = listed.filter(({ id, admitted }) => !admitted && ticked.includes(id))
      const removed = listed.filter(({ id, admitted }) => admitted && !ticked.includes(id))

      const applicationId = application.id
      if (added.length > 0)
        await tx
          .insert(applicationClients)
          .values(added.map(({ id: clientId }) => ({ applicationId, clientId })))
      if (removed.length > 0) {
        const gone = removed.map(({ id }) => id)
        await tx
          .delete(applicationClients)
          .where(
            and(
              eq(applicationClients.applicationId, applicationId),
              inArray(applicationClients.clientId, gone),
            ),
          )
        await enqueue(tx, 'end-grants', { of: 'application', id: applicationId })
      }
      const names = (accounts: typeof listed) => accounts.map(({ name }) => name)
      return { ...read, details: { admitted: names(added), noLongerAdmitted: names(removed) }, done: {} }
    },
  })
}
