import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import postgres from 'postgres'
import { type Cluster, findRunningCluster, startEmbeddedPostgres } from '../../src/start/embedded-postgres.ts'
import { findPostmaster } from '../../src/start/postmaster.ts'
import { eventually } from '../support/eventually.ts'
import { builtModule } from '../support/processes.ts'
import { testFolder } from '../support/run-folder.ts'

const FAST = { initdb: ['--no-sync'], settings: ['fsync=off'] }

async function ask(cluster: Cluster, question: string): Promise<unknown> {
  const sql = postgres(cluster.url, { max: 1, onnotice: () => {} })
  try {
    return (await sql.unsafe(question).values())[0]?.[0]
  } finally {
    await sql.end()
  }
}

/** A process that starts the cluster and is killed by the test. */
function startElsewhere(dataDir: string) {
  const module = pathToFileURL(builtModule('src/start/embedded-postgres.js'))
  const script = `import(${JSON.stringify(module.href)}).then((m) => m.startEmbeddedPostgres(${JSON.stringify(dataDir)})).then(() => process.stdout.write('up'))`
  return spawn(process.execPath, ['-e', `${script}; setInterval(() => {}, 1000)`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** Of the tests that need an intact cluster and leave one: initdb takes seconds. */
let sharedDir: string
before(async () => {
  sharedDir = await testFolder()
})

test('the cluster keeps its data from one start to the next', async () => {
  const dataDir = sharedDir

  const first = await startEmbeddedPostgres(dataDir, FAST)
  await ask(first, 'create table kept as select 42 as answer')
  await first.stop()
  assert.equal(await findRunningCluster(dataDir), null)
  const second = await startEmbeddedPostgres(dataDir, FAST)

  assert.equal(await ask(second, 'select answer from kept'), 42)
  assert.equal(await findRunningCluster(dataDir), second.url)
  assert.equal(second.adopted, false)
  assert.equal((await stat(join(dataDir, 'postgres-password'))).mode & 0o777, 0o600)
  await second.stop()
})

test('the cluster listens on this machine only and refuses a wrong password', async () => {
  const cluster = await startEmbeddedPostgres(sharedDir, FAST)
  const stranger = new URL(cluster.url)
  stranger.password = 'guess'

  assert.equal(await ask(cluster, 'show listen_addresses'), '127.0.0.1')
  await assert.rejects(ask({ ...cluster, url: stranger.href }, 'select 1'), /password authentication failed/)
  await cluster.stop()
})

test('a start that was killed during initdb does not hinder the next', async () => {
  const dataDir = await testFolder()
  const killed = startElsewhere(dataDir)
  await eventually('initdb is at work', async () =>
    (await readdir(dataDir)).some((name) => name.includes('-new-') && !name.endsWith('.password')),
  )
  killed.kill('SIGKILL')
  await once(killed, 'exit')

  const cluster = await startEmbeddedPostgres(dataDir, FAST)

  assert.equal(await ask(cluster, 'select 1'), 1)
  await cluster.stop()
})

test('the server of a killed start is adopted by the next', async () => {
  const dataDir = await testFolder()
  const killed = startElsewhere(dataDir)
  await once(killed.stdout, 'data')
  killed.kill('SIGKILL')
  await once(killed, 'exit')

  const cluster = await startEmbeddedPostgres(dataDir, FAST)

  assert.equal(cluster.adopted, true)
  assert.equal(await ask(cluster, 'select 1'), 1)
  await cluster.stop()
})

test('two starts at the same time share one server', async () => {
  const dataDir = await testFolder()
  const other = startElsewhere(dataDir)
  const [mine] = await Promise.all([startEmbeddedPostgres(dataDir, FAST), once(other.stdout, 'data')])

  assert.equal(await findRunningCluster(dataDir), mine.url)
  assert.deepEqual(
    (await readdir(dataDir)).filter((name) => name.includes('-new-')),
    [],
  )
  other.kill('SIGKILL')
  await mine.stop()
})

test('a killed server is revived at its address with what was committed', async () => {
  const dataDir = sharedDir
  const cluster = await startEmbeddedPostgres(dataDir, { initdb: ['--no-sync'] })
  await ask(cluster, 'create table committed as select 42 as answer')
  process.kill((await findPostmaster(join(dataDir, 'postgres')))?.pid ?? 0, 'SIGKILL')

  await cluster.revive()

  assert.equal(await ask(cluster, 'select answer from committed'), 42)
  await cluster.stop()
})

test('the pid file of a killed server does not hinder a start, even if another process has its pid', async () => {
  const dataDir = sharedDir
  const first = await startEmbeddedPostgres(dataDir, FAST)
  const note = join(dataDir, 'postgres', 'postmaster.pid')
  const [, ...rest] = (await readFile(note, 'utf8')).split('\n')
  await first.stop()
  await writeFile(note, [process.pid, ...rest].join('\n'))

  const second = await startEmbeddedPostgres(dataDir, FAST)

  assert.equal(await ask(second, 'select 1'), 1)
  await second.stop()
})
