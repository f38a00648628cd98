import { sql } from 'drizzle-orm'
import type { Database, DatabasePool } from '../platform/db/client.ts'
import { hasMigrations, newestMigration } from '../platform/db/pending-migrations.ts'
import { requireServer, UnfitServerError } from '../platform/db/require-server.ts'
import { SECOND } from '../platform/time/durations.ts'
import { type Finding, findingsAbout } from './finding.ts'

const CLOCKS_DIFFER_MS = 2 * SECOND
/** A web process or a worker needs up to 30. */
const FREE = 30
const APPEND_ONLY = ['audit_events', 'audit_seals']

/** Server, migrations, rights, connections and clock. Without a fit server or migrations, not the rest. */
export async function checkDatabase({
  db,
  sql: client,
}: Pick<DatabasePool, 'db' | 'sql'>): Promise<Finding[]> {
  const server = await checkServer(client)
  if (server.state === 'problem') return [server]
  const migrated = await checkMigrations(db)
  const more = migrated.state === 'problem' ? [] : [await checkRights(db)]
  return [server, migrated, ...more, await checkConnections(db), await checkClock(db)]
}

async function checkServer(client: DatabasePool['sql']): Promise<Finding> {
  const { ok, problem } = findingsAbout('database')
  try {
    const { version } = await requireServer(client)
    return ok(`PostgreSQL ${version} answers.`)
  } catch (error) {
    if (error instanceof UnfitServerError) return problem(error.message)
    throw error
  }
}

async function checkMigrations(db: Database): Promise<Finding> {
  const { ok, problem } = findingsAbout('migrations')
  const done = await hasMigrations(db, newestMigration()).catch(() => false)
  return done
    ? ok('Every migration of this release has been applied.')
    : problem('Migrations are missing. Run: npm run migrate')
}

/** The processes need no right to change or delete audit events, nor to drop the triggers that refuse it. */
async function checkRights(db: Database): Promise<Finding> {
  const { ok, warning, problem } = findingsAbout('rights')
  const [row] = await db.execute<{ canWork: boolean; superuser: boolean; owner: boolean }>(sql`
    select
      (select bool_and(has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert'))
        from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r') as "canWork",
      (select rolsuper from pg_roles where rolname = current_user) as superuser,
      exists (select from pg_class c where c.relname in ${APPEND_ONLY} and pg_has_role(c.relowner, 'usage')) as owner`)
  if (!row?.canWork)
    return problem('The role of DATABASE_URL may not read and write every table. See docs/operate.md.')
  if (row.superuser || row.owner)
    return warning(
      'The role of DATABASE_URL owns the tables, so it could switch off the triggers that keep the audit log. Give the processes a role of their own. See docs/operate.md.',
    )
  return ok('The role may read and write the tables, and does not own them.')
}

async function checkConnections(db: Database): Promise<Finding> {
  const { ok, warning } = findingsAbout('connections')
  const [row] = await db.execute<{ max: number; used: number }>(sql`
    select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as max,
      (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used`)
  const { max = 0, used = 0 } = row ?? {}
  return max - used >= FREE
    ? ok(`${used} of ${max} are in use.`)
    : warning(`${used} of ${max} are in use. Another process needs up to ${FREE}: raise max_connections.`)
}

async function checkClock(db: Database): Promise<Finding> {
  const { ok, warning } = findingsAbout('clock')
  const [row] = await db.execute<{ ms: number }>(
    sql`select extract(epoch from clock_timestamp())::float8 * 1000 as ms`,
  )
  const apart = Math.abs(Date.now() - (row?.ms ?? 0))
  return apart < CLOCKS_DIFFER_MS
    ? ok('The clocks of this machine and of the database agree.')
    : warning(
        `The clocks of this machine and of the database differ by ${Math.round(apart / SECOND)} s. Codes are checked by that of the database: keep it synchronised.`,
      )
}
