// What a whole database holds, table by table, for tests of what must change nothing or be written nowhere.
import type { Sql } from 'postgres'

/** A checksum of the rows of every table, BullMQ's included, by the table's name. */
export async function checksumsOf(sql: Sql): Promise<Record<string, string>> {
  const names = await tablesOf(sql)
  const each = names.map(
    (name) =>
      `select '${name}' as name, md5(string_agg(row::text, '|' order by row::text)) as sum from ${name} row`,
  )
  const sums = await sql.unsafe<{ name: string; sum: string | null }[]>(each.join(' union all '))
  return Object.fromEntries(sums.map(({ name, sum }) => [name, sum ?? '']))
}

/** Every row of every table, BullMQ's included, each column as PostgreSQL writes it as text; by the table's name. */
export async function rowsOf(sql: Sql): Promise<Record<string, string>> {
  const rows: Record<string, string> = {}
  for (const name of await tablesOf(sql)) {
    const table = await sql.unsafe<{ row: string }[]>(`select row::text from ${name} row`)
    rows[name] = table.map(({ row }) => row).join('\n')
  }
  return rows
}

async function tablesOf(sql: Sql): Promise<string[]> {
  const tables = await sql<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema') order by name`
  return tables.map(({ name }) => name)
}
