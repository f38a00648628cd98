import { sql } from 'drizzle-orm'
import type { Reader } from './client.ts'

/** Adds `uuidv7()` and `uuidv7(interval)` to a PostgreSQL before 18, which has neither. A later one uses its own. */
export async function addUuidv7(db: Reader): Promise<void> {
  const [row] = await db.execute<{ known: boolean }>(
    sql`select exists (select from pg_proc where proname = 'uuidv7') as known`,
  )
  if (!row?.known) await createUuidv7(db)
}

/** As in PostgreSQL 18, the bits behind the version are the fraction of the millisecond, so that ids are in order. */
export async function createUuidv7(db: Reader): Promise<void> {
  await db.execute(sql`
    create function public.uuidv7(shift interval) returns uuid language sql volatile parallel safe as $$
      select encode(
        set_byte(set_byte(
          overlay(uuid_send(gen_random_uuid()) placing substring(int8send(micros / 1000) from 3) from 1 for 6),
          6, 112 | (fraction >> 8)), 7, fraction & 255),
        'hex')::uuid
      from (
        select micros, ((micros % 1000) * 4096 / 1000)::int as fraction
        from (select (extract(epoch from clock_timestamp() + shift) * 1000000)::bigint as micros) as moment
      ) as parts
    $$`)
  await db.execute(sql`
    create function public.uuidv7() returns uuid language sql volatile parallel safe as
    $$ select public.uuidv7(interval '0') $$`)
}
