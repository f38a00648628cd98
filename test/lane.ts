// One of the processes of a run. It takes one test file after the other, so that what all of them load is loaded,
// and made fast by V8, once. Each is a suite of its own, with its own hooks and its own database.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, mock } from 'node:test'
import { MINUTE } from '../src/durations.ts'
import { PROJECT_ROOT } from '../src/project-root.ts'
import { runFolder } from './support/run-folder.ts'

const FILE_TIMEOUT_MS = 4 * MINUTE

const files = JSON.parse(process.env.TEST_FILES ?? '[]') as string[]
for (const [number, file] of files.entries()) if (take(number)) await runFile(file)

/** Whether it was still to be taken: no other lane runs it. */
function take(number: number): boolean {
  try {
    mkdirSync(join(runFolder(), `taken-${number}`))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

function runFile(file: string): Promise<void> {
  return new Promise((done) => {
    describe(file, { timeout: FILE_TIMEOUT_MS }, async () => {
      try {
        await import(join(PROJECT_ROOT, 'dist', file.replace(/\.ts$/, '.js')))
      } finally {
        after(() => {
          mock.reset()
          done()
        })
      }
    })
  })
}
