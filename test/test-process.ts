// One of the processes of a run. It runs one test file after the other, so that shared modules are loaded and compiled
// once. Each file is a suite with its own hooks.
import { basename, dirname, join } from 'node:path'
import { after, describe, mock } from 'node:test'
import { PROJECT_ROOT } from '../src/platform/project-root.ts'
import { MINUTE, SECOND } from '../src/platform/time/durations.ts'
import { closeSharedBrowser } from './support/chromium.ts'
import { FAULT_TIME_MS } from './support/fault-time.ts'
import { filesOfRun, markEnded, markTaken } from './support/files-of-run.ts'
import { joinRun } from './support/processes-of-run.ts'

const FILE_TIMEOUT_MS = 4 * MINUTE + 3 * FAULT_TIME_MS
/** All files have closed their connections by then. */
const LEFT_OPEN_MS = 10 * SECOND

joinRun()
for (const [number, file] of filesOfRun().entries()) if (markTaken(number)) await runFile(file, number)
await closeSharedBrowser()
setTimeout(() => giveUp('Something that these files have opened is still open.'), LEFT_OPEN_MS).unref()

function runFile(file: string, number: number): Promise<void> {
  return new Promise((goOn) => {
    // A suite's own timeout leaves its hooks out, and what timed out goes on beside the next file.
    const timeout = setTimeout(() => giveUp(`${file} does not end.`), FILE_TIMEOUT_MS)
    describe(dirname(file), () => {
      after(() => {
        clearTimeout(timeout)
        mock.reset()
        markEnded(number)
        goOn()
      })
      // Inside, so that the hook above runs even if a hook of the file fails.
      describe(basename(file), async () => {
        await import(join(PROJECT_ROOT, file))
      })
    })
  })
}

function giveUp(reason: string): never {
  process.stderr.write(`${reason}\n`)
  process.exit(1)
}
