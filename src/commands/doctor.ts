// npm run doctor: examines the installation, a line for each finding. Exit code 1 if there is a problem.
import { examine } from '../doctor/examine.ts'
import { runCommand } from '../platform/run-command.ts'

const MARKS = { ok: 'ok      ', warning: 'WARNING ', problem: 'PROBLEM ' } as const

await runCommand(async () => {
  const findings = await examine(process.env)
  for (const { about, state, text } of findings)
    process.stdout.write(`${MARKS[state]} ${about.padEnd(15)}  ${text}\n`)
  if (findings.some(({ state }) => state === 'problem')) process.exitCode = 1
})
