// The test files of one run, and how far they are: marked in its folder, where all its processes see it.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { runFolder } from './run-folder.ts'

const FILES = 'TEST_FILES'

/** Says which test files this run has, to the processes that it starts from now on. */
export function setFilesOfRun(files: readonly string[]): void {
  process.env[FILES] = JSON.stringify(files)
}

export function filesOfRun(): string[] {
  return JSON.parse(process.env[FILES] ?? '[]')
}

/** Whether the file was still to be taken: no other process of the run has it. */
export function markTaken(number: number): boolean {
  try {
    mkdirSync(join(runFolder(), `taken-${number}`))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

export function markEnded(number: number): void {
  mkdirSync(join(runFolder(), `ended-${number}`))
}

/** The files of the run that no process has run to its end. */
export function filesNotEnded(): string[] {
  return filesOfRun().filter((_, number) => !existsSync(join(runFolder(), `ended-${number}`)))
}
