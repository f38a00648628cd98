// npm run migrate: brings DATABASE_URL up to date. For deployments; `npm start` does it by itself.
import { ConfigurationError, readMigrateConfig } from '../config.ts'
import { describeError } from '../log.ts'
import { migrateDatabase } from './migrate.ts'

try {
  const { DATABASE_URL } = readMigrateConfig(process.env)
  await migrateDatabase(DATABASE_URL)
  process.stdout.write('The database is up to date.\n')
} catch (error) {
  const expected = error instanceof ConfigurationError
  process.stderr.write(`${expected ? error.message : JSON.stringify(describeError(error))}\n`)
  process.exitCode = 1
}
