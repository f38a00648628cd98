// npm run migrate: migrates DATABASE_URL. For deployments; `npm start` migrates by itself.
import { readMigrateConfig } from '../config.ts'
import { migrateDatabase } from '../platform/db/migrate.ts'
import { runCommand } from '../platform/run-command.ts'

await runCommand(async () => {
  const { DATABASE_URL } = readMigrateConfig(process.env)
  await migrateDatabase(DATABASE_URL)
  process.stdout.write('The database is up to date.\n')
})
