import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { migrateDatabase } from '../../src/db/migrate.ts'
export async function createTestDatabase() {
  const admin = postgres('postgres://postgres@127.0.0.1:5999/postgres', { max: 1, onnotice: () => {} })
  const name = `t_${randomBytes(6).toString('hex')}`
  await admin.unsafe(`create database ${name}`)
  const url = `postgres://postgres@127.0.0.1:5999/${name}`
  await migrateDatabase(url)
  return {
    url,
    drop: async () => {
      await admin.unsafe(`drop database ${name} with (force)`)
      await admin.end()
    },
  }
}
