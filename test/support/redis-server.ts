// A Redis of a test's own, which it may stop, freeze and empty.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { Redis } from 'ioredis'
import { eventually } from './eventually.ts'

/** Whether redis-server is installed here: without it the tests of that engine are skipped. */
export const REDIS_INSTALLED = spawnSync('redis-server', ['--version']).status === 0

export class RedisServer {
  #port = 0
  #process: ChildProcess | undefined
  readonly #flags: readonly string[]

  constructor(flags: readonly string[] = []) {
    this.#flags = flags
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`
  }

  /** Starts it empty; after a stop on the same port again. */
  async start(): Promise<this> {
    this.#port ||= await freePort()
    const base = ['--port', `${this.#port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    this.#process = spawn('redis-server', [...base, ...this.#flags], { stdio: 'ignore' })
    await eventually('Redis answers', () => this.#ask((redis) => redis.ping()).catch(() => null))
    return this
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

  /** It forgets everything. */
  async empty(): Promise<void> {
    await this.#ask((redis) => redis.flushall())
  }

  async #ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.url, {
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    })
    redis.on('error', () => {})
    try {
      await redis.connect()
      return await question(redis)
    } finally {
      redis.disconnect()
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}
