import { type DatabasePool, openDatabase } from '../platform/db/client.ts'

/** Opens one connection for the time of `work`. */
export async function withDatabase<Result>(
  url: string,
  work: (pool: DatabasePool) => Promise<Result>,
): Promise<Result> {
  const pool = openDatabase(url, 'portcullis-start', 1)
  try {
    return await work(pool)
  } finally {
    await pool.close()
  }
}
