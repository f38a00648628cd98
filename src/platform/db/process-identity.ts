// What a process says of itself in the names of its connections.
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { PROJECT_ROOT } from '../project-root.ts'
import { SECOND } from '../time/durations.ts'

export const VERSION: string = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')).version

/** PostgreSQL cuts names after 63 bytes. */
const HOST = hostname().slice(0, 16)
const STARTED_AT_SECONDS = Math.round((Date.now() - process.uptime() * SECOND) / SECOND)

/** Follows the name of the process: version, process id, host, and when it was started. */
export const IDENTITY = ` ${VERSION} ${process.pid} ${HOST} ${STARTED_AT_SECONDS}`
