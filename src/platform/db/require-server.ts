import postgres, { type Sql } from 'postgres'

/** The oldest version that is supported. The tests run on 18. */
const OLDEST_VERSION = 15
const POOLER =
  'A pooler, such as PgBouncer, stands between this process and PostgreSQL and drops the settings of its sessions. Let DATABASE_URL lead to PostgreSQL itself.'

/** Thrown at start. */
export class UnfitServerError extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'UnfitServerError'
  }
}

export interface Server {
  version: string
  number: number
  /** The limit of statements that is in force. */
  statementMs: number
}

/** Why this server cannot be used, or null. `askedMs`: the limit of statements that the connection asked for. */
export function whyUnfit({ version, number, statementMs }: Server, askedMs: number): string | null {
  if (Math.floor(number / 10_000) < OLDEST_VERSION)
    return `This is PostgreSQL ${version}. Version ${OLDEST_VERSION} or newer is needed.`
  // Without limits, LISTEN and prepared statements of its own, a process fails only under load.
  return Math.abs(statementMs - askedMs) < 1 ? null : POOLER
}

/**
 * Throws UnfitServerError if the server is too old or a pooler stands before it. `sql` must have asked for a
 * statement_timeout.
 */
export async function requireServer(sql: Sql): Promise<Server> {
  const server = await readServerOf(sql)
  const reason = whyUnfit(server, Number(sql.options.connection.statement_timeout))
  if (reason) throw new UnfitServerError(reason)
  return server
}

async function readServerOf(sql: Sql): Promise<Server> {
  try {
    const [server] = await sql<[Server]>`
      select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
        (select setting::int from pg_settings where name = 'statement_timeout') as "statementMs"`
    return server
  } catch (error) {
    // PgBouncer refuses settings that it does not know.
    const isRefusal = error instanceof postgres.PostgresError && error.message.includes('startup parameter')
    throw isRefusal ? new UnfitServerError(POOLER) : error
  }
}
