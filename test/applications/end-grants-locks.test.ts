// The job that ends grants meets a command of a person at the same rows: the command never fails.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { endGrants } from '../../src/applications/end-grants.ts'
import { endSessionsOfClient } from '../../src/gate/end-sessions-of-client.ts'
import { endGrant } from '../../src/oidc/end-grant.ts'
import { NO_REQUEST } from '../../src/platform/audit/record.ts'
import { oidcGrants } from '../../src/platform/db/schema/oidc.ts'
import { addApplication } from '../support/applications.ts'
import { Cast } from '../support/cast.ts'
import { addVisitor, type Visitor } from '../support/ending-events.ts'
import { eventually } from '../support/eventually.ts'
import { addGrant } from '../support/grants.ts'

let cast: Cast
before(async () => {
  cast = await Cast.assemble([], [])
})
after(() => cast?.app.close())

interface Command {
  title: string
  /** Where the job waits, half-way. */
  jobWaitsAt: 'oidc_grants' | 'oidc_artifacts'
  run: (of: { grantId: string; clientId: string }) => Promise<unknown>
}

const COMMANDS: Command[] = [
  {
    title: 'an application revokes a token',
    jobWaitsAt: 'oidc_artifacts',
    run: ({ grantId }) => endGrant(cast.app.deps, grantId, null, NO_REQUEST),
  },
  {
    title: 'an account is suspended',
    jobWaitsAt: 'oidc_grants',
    run: ({ clientId }) =>
      cast.app.deps.db.transaction((tx) => endSessionsOfClient(tx, clientId, cast.app.clock.now())),
  },
]

describe('a command does not fail in a deadlock with the job', () => {
  for (const { title, jobWaitsAt, run } of COMMANDS)
    test(title, async () => {
      const { deps, database } = cast.app
      const { sql } = database
      const { id } = await addApplication(deps.db, { name: title })
      const [first, second, third] = [await visitor(), await visitor(), await visitor()]
      // The grants are not in the order of their sessions.
      const grant = await addGrant(deps, second.id, id)
      const between = await addGrant(deps, third.id, id)
      await addGrant(deps, first.id, id)
      await sql`update applications set disabled_at = now() where id = ${id}`
      const runJob = () => deps.db.transaction((tx) => endGrants(deps, tx, { of: 'application', id }))
      let jobIsOver = false
      const waiting = (count: number) =>
        eventually('they wait', async () => jobIsOver || (await waiters()) === count)

      const [commanded, attempted] = await sql.begin(async (holder) => {
        const column = jobWaitsAt === 'oidc_grants' ? 'id' : 'grant_id'
        await holder`select from ${sql(jobWaitsAt)} where ${sql(column)} = ${between.id} for no key update`
        const attempted = Promise.allSettled([runJob()]).then(() => {
          jobIsOver = true
        })
        await waiting(1)
        const commanded = run({ grantId: grant.id, clientId: first.clientId }).then(() => 'done', String)
        await waiting(2)
        return [() => commanded, () => attempted]
      })

      assert.equal(await commanded(), 'done')
      await attempted()
      await runJob()
      const grants = await deps.db.select().from(oidcGrants).where(eq(oidcGrants.applicationId, id))
      assert.ok(grants.every(({ endedAt, sessionId }) => endedAt !== null || sessionId === null))
    })
})

function visitor(): Promise<Visitor> {
  return addVisitor(cast, { enrolled: false })
}

async function waiters(): Promise<number> {
  const waiting = await cast.app.database.sql`
    select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  return waiting.length
}
