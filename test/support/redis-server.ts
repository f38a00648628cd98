// A Redis of a test's own, which it may stop, freeze and empty: a `redis-server` of PATH or, if TEST_REDIS_URL is set, a
// database of that Redis behind a line of the test's own that can be cut and held.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { anyFreePort } from '../../src/start/free-port.ts'
import { eventually } from './eventually.ts'

const SHARED_URL = process.env.TEST_REDIS_URL

/** Whether a redis-server can be started here, with options of its own. */
export const REDIS_INSTALLED = spawnSync('redis-server', ['--version']).status === 0
/** Whether there is any Redis: without one the tests of that engine are skipped. */
export const REDIS_AVAILABLE = REDIS_INSTALLED || SHARED_URL !== undefined

export class RedisServer {
  readonly #redis: OwnRedis | LineToRedis

  constructor(flags: readonly string[] = []) {
    this.#redis = SHARED_URL && flags.length === 0 ? new LineToRedis(SHARED_URL) : new OwnRedis(flags)
  }

  get url(): string {
    return this.#redis.url
  }

  /** Starts it empty; after a stop at the same address again. */
  async start(): Promise<this> {
    await this.#redis.start()
    await eventually('Redis answers', () => this.#ask((redis) => redis.flushdb()).catch(() => null))
    return this
  }

  stop(): Promise<void> {
    return this.#redis.stop()
  }

  /** Nothing is refused, and nothing answered. */
  freeze(): void {
    this.#redis.freeze()
  }

  thaw(): void {
    this.#redis.thaw()
  }

  /** It forgets everything. */
  async empty(): Promise<void> {
    await this.#ask((redis) => redis.flushdb())
  }

  /** With 1 it takes no write. 0 is no limit. Only for a `redis-server` of its own. */
  async limitMemory(bytes: number): Promise<void> {
    await this.#ask((redis) => redis.config('SET', 'maxmemory', bytes))
  }

  async #ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    return askRedis(this.url, question)
  }
}

class OwnRedis {
  #port = 0
  #process: ChildProcess | undefined
  readonly #flags: readonly string[]

  constructor(flags: readonly string[]) {
    this.#flags = flags
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    this.#port ||= await anyFreePort()
    const base = ['--port', `${this.#port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    this.#process = spawn('redis-server', [...base, ...this.#flags], { stdio: 'ignore' })
  }

  async stop(): Promise<void> {
    const running = this.#process
    this.#process = undefined
    if (!running || running.exitCode !== null) return
    running.kill('SIGKILL')
    await once(running, 'exit')
  }

  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }
}

/** The databases of a Redis by default; 0 is left to other programs. */
const SHARED_DATABASES = 15

class LineToRedis {
  readonly #target: URL
  #port = 0
  #database = 0
  #server: Server | undefined
  #frozen = false
  readonly #sockets = new Set<Socket>()

  constructor(target: string) {
    this.#target = new URL(target)
  }

  get url(): string {
    const url = new URL(this.#target)
    url.host = `127.0.0.1:${this.#port}`
    url.pathname = `/${this.#database}`
    return url.href
  }

  async start(): Promise<void> {
    this.#port ||= await anyFreePort()
    // Counted by the Redis itself, so that test files that run at the same time do not meet.
    this.#database ||= await askRedis(
      this.#target.href,
      async (redis) => ((await redis.incr('portcullis:test-databases')) % SHARED_DATABASES) + 1,
    )
    const server = createServer((near) => {
      const far = connect(Number(this.#target.port || 6379), this.#target.hostname)
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from)
        from.on('error', () => to.destroy())
        from.on('close', () => this.#sockets.delete(from) && to.destroy())
        from.pipe(to)
        if (this.#frozen) from.pause()
      }
    })
    this.#server = server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (!server) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of this.#sockets) socket.resetAndDestroy()
    await closed
  }

  freeze(): void {
    this.#frozen = true
    for (const socket of this.#sockets) socket.pause()
  }

  thaw(): void {
    this.#frozen = false
    for (const socket of this.#sockets) socket.resume()
  }
}

async function askRedis<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 })
  redis.on('error', () => {})
  try {
    await redis.connect()
    return await question(redis)
  } finally {
    redis.disconnect()
  }
}
