import { ConfigurationError } from '../config.ts'
import { findRunningCluster } from './embedded-postgres.ts'

/** DATABASE_URL, else the database of the `npm start` that runs on DATA_DIR. Throws ConfigurationError. */
export async function databaseUrlOf(config: {
  DATABASE_URL?: string | undefined
  DATA_DIR: string
}): Promise<string> {
  const url = config.DATABASE_URL ?? (await findRunningCluster(config.DATA_DIR))
  if (url !== null) return url
  throw new ConfigurationError([
    `DATABASE_URL must be given, or npm start must be running on DATA_DIR (${config.DATA_DIR})`,
  ])
}
