// Column shapes that the schema shares.
import { sql } from 'drizzle-orm'
import { customType, timestamp, uuid } from 'drizzle-orm/pg-core'

/** UUID v7, made by PostgreSQL unless given: its order is that of making, which is what lists page by. */
export const id = () => uuid('id').primaryKey().default(sql`uuidv7()`)

/** An instant. Always with time zone; the application speaks Date. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

export const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })
