// npm run mark-backup: marks that a back-up was completed just now, for /ops and the metrics.
import { readMigrateConfig } from '../config.ts'
import { openDatabase } from '../platform/db/client.ts'
import { backupMarks } from '../platform/db/schema/operations.ts'
import { runCommand } from '../platform/run-command.ts'
import { exactText } from '../platform/time/instant-text.ts'

await runCommand(async () => {
  const { DATABASE_URL } = readMigrateConfig(process.env)
  const pool = openDatabase(DATABASE_URL, 'portcullis-mark-backup', 1)
  try {
    // By the clock of the database, which the processes follow.
    const [mark] = await pool.db.insert(backupMarks).values({}).returning({ at: backupMarks.at })
    if (!mark) throw new Error('an inserted row is returned')
    process.stdout.write(`The back-up is marked as completed at ${exactText(mark.at)}.\n`)
  } finally {
    await pool.close()
  }
})
