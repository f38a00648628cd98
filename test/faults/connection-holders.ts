// Other clients of the PostgreSQL of the product, who leave it no connection.
import pg from 'pg'
import type { Sql } from 'postgres'

const TOO_MANY_CONNECTIONS = '53300'
const AT_ONCE = 8

export class ConnectionHolders {
  readonly #url: string
  readonly #clients: pg.Client[] = []

  /** `url` of a role that may not use the connections kept for superusers. */
  constructor(url: string) {
    this.#url = url
  }

  /** Takes every connection that is free, ends those of the product, and takes these too. */
  async takeAll(sql: Sql): Promise<void> {
    await this.#takeFree()
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'portcullis-%'`
    await this.#takeFree()
  }

  async leave(): Promise<void> {
    await Promise.allSettled(this.#clients.splice(0).map((client) => client.end()))
  }

  async #takeFree(): Promise<void> {
    const takers = Array.from({ length: AT_ONCE }, async () => {
      while (await this.#takeOne());
    })
    await Promise.all(takers)
  }

  async #takeOne(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.#url, application_name: 'connection-holder' })
    // PostgreSQL may be restarted meanwhile.
    client.on('error', () => {})
    try {
      await client.connect()
      this.#clients.push(client)
      return true
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === TOO_MANY_CONNECTIONS) return false
      throw error
    }
  }
}
