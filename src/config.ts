// The only reader of the environment. One message lists every problem.
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import ms from 'ms'
import { z } from 'zod'
import { readConnection } from './platform/db/connection.ts'
import { readSentinels } from './platform/sentinels.ts'
import { HOUR, MINUTE, SECOND } from './platform/time/durations.ts'

/** Thrown at start. The message lists every problem, a line each. */
export class ConfigurationError extends Error {
  constructor(problems: readonly string[]) {
    super(`The configuration does not add up:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'ConfigurationError'
  }
}

const port = z.coerce.number('must be a port number').int().min(1).max(65_535)
const wholeNumber = z.coerce.number('must be a whole number').int().min(1).max(100_000)

/** A unit is required: without one, '900' would lock for a second instead of 15 minutes. */
const duration = z.string().transform((text, ctx) => {
  const length = /[a-z]$/i.test(text) ? ms(text as ms.StringValue) : undefined
  if (typeof length === 'number' && Number.isFinite(length) && length > 0) return length
  ctx.addIssue({
    code: 'custom',
    message: `must be a length of time with its unit, such as 15m or 12h, not '${text}'`,
  })
  return z.NEVER
})

/** Tokens of OpenID Connect live whole seconds. */
const wholeSeconds = z.number().multipleOf(SECOND, 'must be a whole number of seconds')

const onOff = z.enum(['on', 'off'], "must be 'on' or 'off'").transform((word) => word === 'on')

function urlWith(protocols: readonly string[], example: string) {
  return z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `must be a URL such as ${example}`,
  })
}

const databaseUrl = urlWith(
  ['postgres:', 'postgresql:'],
  'postgres://user:password@host:5432/portcullis',
).superRefine((text, ctx) => {
  if (URL.canParse(text)) readBy(readConnection, text, ctx)
})

const sentinels = z.string().transform((text, ctx) => readBy(readSentinels, text, ctx) ?? z.NEVER)

function readBy<Output>(read: (text: string) => Output, text: string, ctx: z.RefinementCtx): Output | null {
  try {
    return read(text)
  } catch (error) {
    ctx.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'cannot be read' })
    return null
  }
}

/** http only on this machine: elsewhere the session cookie would be sent unencrypted. */
const publicUrl = urlWith(['https:', 'http:'], 'https://dashboard.example').transform((text, ctx) => {
  const url = new URL(text)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    ctx.addIssue({ code: 'custom', message: 'must be an origin, without a path' })
  if (url.protocol === 'http:' && !isThisMachine(url.hostname))
    ctx.addIssue({ code: 'custom', message: 'must be https unless it names localhost' })
  return url.origin
})

export function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
}

const sessionSecrets = z
  .string()
  .transform((text) => text.split(',').map((secret) => secret.trim()))
  .refine((secrets) => secrets.every((secret) => secret.length >= 32), {
    message: 'each secret must have at least 32 characters',
  })

export interface EncryptionKey {
  id: string
  key: Buffer
}

export type AuditKey = EncryptionKey

const namedKeys = z.string().transform((text, ctx): EncryptionKey[] => {
  const keys = text.split(',').map((entry) => {
    const [id = '', base64 = ''] = entry.trim().split(':')
    return { id, key: Buffer.from(base64, 'base64') }
  })
  if (keys.some(({ id, key }) => !/^[A-Za-z0-9_-]{1,32}$/.test(id) || key.length !== 32))
    ctx.addIssue({ code: 'custom', message: 'must be id:base64,… with 32 bytes each' })
  if (new Set(keys.map(({ id }) => id)).size !== keys.length)
    ctx.addIssue({ code: 'custom', message: 'must not name two keys alike' })
  return keys
})

/** Express names these networks. */
const NAMED_NETWORKS = ['loopback', 'linklocal', 'uniquelocal']

/** A number of proxies, or their addresses and networks. `true` would trust every client, so it is refused. */
const trustProxy = z.string().transform((text, ctx): number | string[] => {
  if (/^[0-9]{1,2}$/.test(text)) return Number(text)
  const proxies = text.split(',').map((entry) => entry.trim())
  if (proxies.every((proxy) => NAMED_NETWORKS.includes(proxy) || isIP(proxy) || isNetwork(proxy)))
    return proxies
  ctx.addIssue({ code: 'custom', message: 'must be a number of proxies, or addresses such as 10.0.0.0/8' })
  return z.NEVER
})

function isNetwork(text: string): boolean {
  const [address = ''] = text.split('/')
  return isIP(address) !== 0 && ipaddr.isValidCIDR(text)
}

const settings = z.object({
  PORT: port.default(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  PUBLIC_URL: publicUrl,
  DATA_DIR: z.string().min(1).default('.data'),
  DATABASE_URL: databaseUrl,
  REDIS_URL: urlWith(['redis:', 'rediss:'], 'redis://host:6379').optional(),
  REDIS_SENTINELS: sentinels.optional(),
  SMTP_URL: urlWith(['smtp:', 'smtps:'], 'smtp://user:password@host:587'),
  MAIL_FROM: z
    .string()
    .regex(/^[^\r\n]*[^\s<>@]+@[^\s<>@]+>?$/, "must be an address such as 'Portcullis <gate@example.com>'"),
  MAIL_CATCHER_PORT: port.default(1080),
  SESSION_SECRET: sessionSecrets,
  ENCRYPTION_KEYS: namedKeys,
  TRUST_PROXY: trustProxy.optional(),
  LOCKOUT_ATTEMPTS: wholeNumber.max(100).default(5),
  LOCKOUT_WINDOW: duration.default(15 * MINUTE),
  LOCKOUT_DURATION: duration.default(15 * MINUTE),
  LOCKOUT_MAX_DURATION: duration.default(24 * HOUR),
  ADDRESS_ATTEMPTS: wholeNumber.default(100),
  ANSWER_WITHIN: duration.pipe(z.number().min(0.2 * SECOND, 'must be 200ms at least')).default(1.8 * SECOND),
  KEEP_ALIVE: duration.default(75 * SECOND),
  INVITATIONS_OPEN_MAX: wholeNumber.default(1_000),
  INVITATIONS_PER_HOUR: wholeNumber.default(200),
  SESSION_IDLE: duration.default(30 * MINUTE),
  SESSION_ABSOLUTE: duration.pipe(wholeSeconds).default(12 * HOUR),
  DEMO_DATA: onOff.default(false),
  OPS_METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  OTLP_URL: urlWith(['https:', 'http:'], 'http://127.0.0.1:4318/v1/traces').optional(),
  TRACE_SHARE: z.coerce.number('must be a number').min(0).max(1, 'must be at most 1').default(1),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})

/** Checked with everything else, so that one message lists every problem. */
function settingsAddUp<
  Settings extends z.ZodType<
    z.infer<typeof lockoutDurations> & { REDIS_URL?: string | undefined; REDIS_SENTINELS?: URL[] | undefined }
  >,
>(schema: Settings) {
  return schema
    .refine((given) => given.LOCKOUT_MAX_DURATION >= given.LOCKOUT_DURATION, {
      error: 'LOCKOUT_MAX_DURATION must not be shorter than LOCKOUT_DURATION',
      when: ({ value }) => lockoutDurations.safeParse(value).success,
    })
    .refine((given) => given.REDIS_SENTINELS === undefined || given.REDIS_URL !== undefined, {
      error: 'REDIS_SENTINELS needs a REDIS_URL that names the master, such as redis://mymaster',
      when: () => true,
    })
}

const lockoutDurations = z.object({ LOCKOUT_DURATION: z.number(), LOCKOUT_MAX_DURATION: z.number() })

const environment = settingsAddUp(settings)

/** Web has no AUDIT_KEYS: an attacker in the process that faces the internet cannot seal a forged log. */
const auditKeys = { AUDIT_KEYS: namedKeys }

const workerEnvironment = settingsAddUp(settings.extend(auditKeys))

/** `npm start` has a default for everything. A default PORT may move to a free one. */
const startEnvironment = settingsAddUp(
  settings
    .partial({
      PUBLIC_URL: true,
      DATABASE_URL: true,
      SMTP_URL: true,
      MAIL_FROM: true,
      SESSION_SECRET: true,
      ENCRYPTION_KEYS: true,
    })
    .extend({
      AUDIT_KEYS: namedKeys.optional(),
      PORT: port.optional(),
      MAIL_CATCHER_PORT: port.optional(),
      DEMO_APPLICATION_PORT: port.optional(),
      /** Default: demo data where everything is local. */
      DEMO_DATA: onOff.optional(),
      LOG_LEVEL: settings.shape.LOG_LEVEL.default('warn'),
    }),
)

const migrateEnvironment = settings.pick({ DATABASE_URL: true })

const keysEnvironment = settings.pick({ DATABASE_URL: true, ENCRYPTION_KEYS: true })

const createPlatformEnvironment = settings
  .pick({ DATABASE_URL: true, DATA_DIR: true, ENCRYPTION_KEYS: true })
  .partial({ DATABASE_URL: true, ENCRYPTION_KEYS: true })

const verifyEnvironment = settings
  .pick({ DATABASE_URL: true, DATA_DIR: true })
  .partial({ DATABASE_URL: true })
  .extend({ AUDIT_KEYS: namedKeys.optional() })

const seedEnvironment = createPlatformEnvironment.extend({ DEMO_DATA: onOff.optional() })

export type Config = z.infer<typeof environment>
export type WorkerConfig = z.infer<typeof workerEnvironment>
export type StartConfig = z.infer<typeof startEnvironment>

/** For web. Throws ConfigurationError, as all that follow. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  return parse(environment, env)
}

/** For the worker, which seals the audit log. */
export function readWorkerConfig(env: NodeJS.ProcessEnv): WorkerConfig {
  return parse(workerEnvironment, env)
}

export function readStartConfig(env: NodeJS.ProcessEnv): StartConfig {
  return parse(startEnvironment, env)
}

export function readMigrateConfig(env: NodeJS.ProcessEnv): Pick<Config, 'DATABASE_URL'> {
  return parse(migrateEnvironment, env)
}

export function readKeysConfig(env: NodeJS.ProcessEnv): z.infer<typeof keysEnvironment> {
  return parse(keysEnvironment, env)
}

/** For `npm run create-platform`, which reads missing values from DATA_DIR. */
export function readCreatePlatformConfig(env: NodeJS.ProcessEnv): z.infer<typeof createPlatformEnvironment> {
  return parse(createPlatformEnvironment, env)
}

/** For `npm run audit:verify`, which reads missing values from DATA_DIR. */
export function readVerifyConfig(env: NodeJS.ProcessEnv): z.infer<typeof verifyEnvironment> {
  return parse(verifyEnvironment, env)
}

/** For `npm run seed`, which reads missing values from DATA_DIR. */
export function readSeedConfig(env: NodeJS.ProcessEnv): z.infer<typeof seedEnvironment> {
  return parse(seedEnvironment, env)
}

/** Reads ENCRYPTION_KEYS as kept in DATA_DIR. Throws ConfigurationError. */
export function readEncryptionKeys(text: string): EncryptionKey[] {
  return parse(settings.pick({ ENCRYPTION_KEYS: true }), { ENCRYPTION_KEYS: text }).ENCRYPTION_KEYS
}

/** Reads AUDIT_KEYS as kept in DATA_DIR. Throws ConfigurationError. */
export function readAuditKeys(text: string): AuditKey[] {
  return parse(z.object(auditKeys), { AUDIT_KEYS: text }).AUDIT_KEYS
}

function parse<Output>(schema: z.ZodType<Output>, env: NodeJS.ProcessEnv): Output {
  // A shell or a compose file leaves an empty value for 'not set'.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  throw new ConfigurationError(
    parsed.error.issues.map((issue) => {
      const name = issue.path.join('.')
      if (name === '') return issue.message
      return given[name] === undefined ? `${name} must be given` : `${name} ${issue.message}`
    }),
  )
}
