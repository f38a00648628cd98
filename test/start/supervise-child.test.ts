import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { StartError } from '../../src/start/start-error.ts'
import { superviseChild } from '../../src/start/supervise-child.ts'
import { eventually } from '../support/eventually.ts'
import { testFolder } from '../support/run-folder.ts'

async function child(source: string) {
  const folder = await testFolder()
  const module = join(folder, 'child.mjs')
  await writeFile(module, source)
  const lines: string[] = []
  const notes = join(folder, 'notes')
  const supervised = superviseChild({
    name: 'child',
    module: pathToFileURL(module),
    args: [notes],
    env: process.env,
    say: (line) => lines.push(line),
  })
  return { ...supervised, lines, notes: () => readFile(notes, 'utf8').catch(() => '') }
}

const NOTE = `import { appendFileSync } from 'node:fs'; const note = (text) => appendFileSync(process.argv[2], text + '\\n');`

test('a child that ends by itself is started again', async () => {
  const { ready, stop, lines, notes } = await child(
    `${NOTE} note(String(process.pid)); process.send('ready'); setInterval(() => {}, 1000)`,
  )
  await ready

  process.kill(Number(await notes()), 'SIGKILL')

  await eventually('it runs again', async () => (await notes()).trim().split('\n').length === 2)
  assert.match(lines[0] ?? '', /ended by SIGKILL; starting it again in 0\.5 s/)
  await stop()
})

test('a child is asked to stop and may finish first', async () => {
  const { ready, stop, notes } = await child(
    `${NOTE} process.on('SIGTERM', () => setTimeout(() => { note('finished'); process.exit() }, 300)); process.send('ready'); setInterval(() => {}, 1000)`,
  )
  await ready

  await stop()

  assert.equal(await notes(), 'finished\n')
})

test('a child that never comes up ends the start', async () => {
  const { ready, stop } = await child('process.exit(3)')

  await assert.rejects(
    ready,
    (error) => error instanceof StartError && /code 3 4 times without coming up/.test(error.message),
  )
  await stop()
})

test('a child that is waiting to be started again is not started after the stop', async () => {
  const { stop, lines, notes } = await child(`${NOTE} note('begun'); process.exit(1)`)
  await eventually('it has ended once', () => lines.length === 1)

  await stop()

  assert.equal(await notes(), 'begun\n')
})
