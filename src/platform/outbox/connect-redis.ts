import { Redis, type RedisOptions } from 'ioredis'
import type { Config } from '../../config.ts'

/** ioredis declares this one option anew, and not as exactly optional. */
type Options = Omit<RedisOptions, 'replyMapping'>

export type RedisAddress = Pick<Config, 'REDIS_SENTINELS'> & { REDIS_URL: string }

/** With sentinels, the host of REDIS_URL is the name of the master that they watch. */
export function connectRedis({ REDIS_URL, REDIS_SENTINELS }: RedisAddress, options: Options): Redis {
  return REDIS_SENTINELS
    ? new Redis({ ...options, ...behindSentinels(new URL(REDIS_URL), REDIS_SENTINELS) })
    : new Redis(REDIS_URL, options)
}

function behindSentinels(redis: URL, sentinels: readonly URL[]): Options {
  const [sentinel] = sentinels
  const loginThere = sentinel ? loginOf(sentinel) : {}
  return {
    name: redis.hostname,
    sentinels: sentinels.map(({ hostname, port }) => ({ host: hostname, port: Number(port) || 26_379 })),
    db: Number(redis.pathname.slice(1)) || 0,
    ...loginOf(redis),
    ...(redis.protocol === 'rediss:' && { tls: {}, enableTLSForSentinelMode: true }),
    ...(loginThere.username && { sentinelUsername: loginThere.username }),
    ...(loginThere.password && { sentinelPassword: loginThere.password }),
    ...(sentinel?.protocol === 'rediss:' && { sentinelTLS: {} }),
  }
}

function loginOf({ username, password }: URL): Pick<RedisOptions, 'username' | 'password'> {
  return {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  }
}
