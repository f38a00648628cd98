// The commands of production start what `npm run build` has built.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { testFolder } from '../support/run-folder.ts'

const run = promisify(execFile)

const COMMANDS = ['web', 'worker', 'migrate', 'create-platform', 'keys:rotate', 'seed', 'audit:verify']

test('npm run web refuses to start where nothing is built and says what to do', async () => {
  const folder = await testFolder()
  await copyFile('package.json', join(folder, 'package.json'))

  await assert.rejects(run('npm', ['run', '--silent', 'web'], { cwd: folder }), {
    code: 1,
    stdout: '',
    stderr: 'Nothing is built yet. Run: npm run build\n',
  })
})

test('every command of production refuses to start where nothing is built, and none of them builds', async () => {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8'))

  for (const command of COMMANDS)
    assert.match(
      scripts[command],
      /^npm run --silent built && exec node --enable-source-maps dist\/[a-z/-]+\.js$/,
    )
})
