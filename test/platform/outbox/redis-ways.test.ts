// Ways to Redis as in production: a user with the documented rights, TLS, and a master that Sentinel replaces.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { Redis } from 'ioredis'
import { readWorkerConfig } from '../../../src/config.ts'
import { openQueueEngine } from '../../../src/platform/outbox/queues.ts'
import { PROJECT_ROOT } from '../../../src/platform/project-root.ts'
import { anyFreePort } from '../../../src/start/free-port.ts'
import { type RunningWorker, startWorker } from '../../../workers/start-worker.ts'
import { eventually } from '../../support/eventually.ts'
import { builtModule, startProcess } from '../../support/processes.ts'
import { REDIS_INSTALLED, RedisServer } from '../../support/redis-server.ts'
import { testFolder } from '../../support/run-folder.ts'
import { SHORT } from '../../workers/short-times.ts'
import { present, WorkerFixture } from '../../workers/worker-fixture.ts'

const PASSWORD = 'a-password-of-redis'

describe('Redis in production', { skip: !REDIS_INSTALLED && 'there is no redis-server' }, () => {
  const fixture = new WorkerFixture('postgres')
  const servers: (RedisServer | ChildProcess)[] = []
  let worker: RunningWorker | undefined
  before(() => fixture.open())
  afterEach(async () => {
    await worker?.stop()
    worker = undefined
    for (const server of servers.splice(0))
      if (server instanceof RedisServer) await server.stop()
      else server.kill('SIGKILL')
  })
  after(() => fixture.close())

  /** Starts a worker on that Redis, and waits until it has sent a mail. */
  async function sendMailThrough(settings: Record<string, string>): Promise<void> {
    const config = readWorkerConfig({ ...fixture.environment, ...settings })
    worker = await startWorker({ ...fixture.deps, config }, SHORT)
    await fixture.queueMail()
    await fixture.allDone()
  }

  async function startRedis(...flags: string[]): Promise<RedisServer> {
    const server = await new RedisServer([
      '--appendonly',
      'yes',
      '--dir',
      await testFolder(),
      ...flags,
    ]).start()
    servers.push(server)
    return server
  }

  test('the documented user may do what jobs and their pages need, and nothing else', async () => {
    const server = await startRedis()
    const admin = new Redis(server.url)
    await admin.call('acl', 'setuser', ...(await documentedUser()))
    const REDIS_URL = server.url.replace('//', `//portcullis:${PASSWORD}@`)
    const user = new Redis(REDIS_URL)

    await sendMailThrough({ REDIS_URL })
    const queue = await present(worker).engine.queue('mfa-resets')
    const late = await queue.add('unknown-job', {}, { delay: 60_000 })
    await late.promote()
    await Promise.all([queue.getFailed(), queue.getJobCounts(), queue.getWorkers(), queue.getJobSchedulers()])
    await (await queue.add('unknown-job', {}, { delay: 60_000 })).remove()

    assert.deepEqual(await admin.call('acl', 'log'), [])
    for (const refused of [
      ['flushall'],
      ['config', 'get', '*'],
      ['keys', '*'],
      ['get', 'of-another-program'],
    ])
      await assert.rejects(user.call(...(refused as [string])), /NOPERM/, refused.join(' '))
    user.disconnect()
    admin.disconnect()
  })

  test('a wrong password reaches no queue', async () => {
    const { url } = await startRedis()
    const REDIS_URL = url.replace('//', '//portcullis:wrong@')
    const engine = openQueueEngine({ ...fixture.config, REDIS_URL }, fixture.log)

    await assert.rejects(engine.queue('notifications'))

    await engine.close()
  })

  test('rediss is accepted with a known authority, and refused with an unknown one', async () => {
    const folder = await testFolder()
    const [key, certificate] = [join(folder, 'key'), join(folder, 'crt')]
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const made = ['-keyout', key, '-out', certificate, '-days', '2']
    spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...names, ...made])
    const port = await anyFreePort()
    const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-auth-clients', 'no']
    await startRedis('--tls-port', String(port), ...files)
    const examine = async (env: Record<string, string>) => {
      const doctor = startProcess(builtModule('src/commands/doctor.js'), {
        ...fixture.environment,
        ...env,
        REDIS_URL: `rediss://localhost:${port}`,
      })
      doctor.ready.catch(() => {})
      await doctor.ended
      return doctor.output()
    }

    assert.match(
      await examine({ NODE_EXTRA_CA_CERTS: certificate }),
      /^ok +queues +BullMQ answers, on Redis/m,
    )
    assert.match(await examine({}), /^PROBLEM +queues .*Check REDIS_URL/m)
  })

  test('when the master dies, work goes on with the one that Sentinel promotes', async () => {
    const master = await startRedis()
    const port = new URL(master.url).port
    const replica = new Redis((await startRedis()).url)
    await replica.replicaof('127.0.0.1', port)
    replica.disconnect()
    const sentinelPort = await anyFreePort()
    const file = join(await testFolder(), 'sentinel.conf')
    await writeFile(
      file,
      `port ${sentinelPort}
sentinel monitor gate 127.0.0.1 ${port} 1
sentinel down-after-milliseconds gate 300
sentinel failover-timeout gate 2000
`,
    )
    servers.push(spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' }))
    const sentinel = new Redis(sentinelPort, { retryStrategy: () => 50 })
    await eventually('the sentinel knows the replica', async () => {
      const replicas = (await sentinel.call('sentinel', 'replicas', 'gate').catch(() => [])) as unknown[]
      return replicas.length === 1
    })
    sentinel.disconnect()
    await sendMailThrough({
      REDIS_URL: 'redis://gate',
      REDIS_SENTINELS: `redis://127.0.0.1:9, redis://127.0.0.1:${sentinelPort}`,
    })

    await master.stop()
    const { notificationId } = await fixture.queueMail()
    await fixture.allDone(40_000)

    assert.equal(fixture.mailsAbout(notificationId).length, 1)
  })
})

/** The rights that docs/configuration.md gives the user of Redis. */
async function documentedUser(): Promise<string[]> {
  const text = await readFile(join(PROJECT_ROOT, 'docs/configuration.md'), 'utf8')
  const [, rights = ''] = /^ACL SETUSER (portcullis .*)$/m.exec(text) ?? []
  assert.match(rights, />PASSWORD/)
  return rights.replace('PASSWORD', PASSWORD).split(' ')
}
