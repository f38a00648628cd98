// The manifests of docs/deploy and the workflow, against the settings, files and paths of the product.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { readConfig, readMigrateConfig, readWorkerConfig } from '../../src/config.ts'
import { PROJECT_ROOT } from '../../src/platform/project-root.ts'

const read = (file: string) => readFileSync(join(PROJECT_ROOT, file), 'utf8')

/** What an operator would put into the secrets. */
const SECRETS: Record<string, string> = {
  DATABASE_URL: 'postgres://portcullis_app:password@postgres:5432/portcullis?sslmode=require',
  REDIS_URL: 'rediss://portcullis:password@redis:6379',
  SMTP_URL: 'smtp://mail.example:587',
  PUBLIC_URL: 'https://gate.example',
  MAIL_FROM: 'gate@gate.example',
  SESSION_SECRET: 's'.repeat(32),
  ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
  AUDIT_KEYS: `a1:${Buffer.alloc(32, 2).toString('base64')}`,
  OPS_METRICS_TOKEN: 'a-token-for-scrapers',
}
const READERS = { web: readConfig, worker: readWorkerConfig, migrate: readMigrateConfig }

/** Throws unless the process of that name starts with these settings, all of which the product knows. */
function startsWith(process: keyof typeof READERS, env: Record<string, string>): void {
  const known = new Set([...read('src/config.ts').matchAll(/^ +([A-Z_]+): /gm)].map(([, name]) => name))
  assert.ok(known.has('DATABASE_URL') && known.has('AUDIT_KEYS'))
  assert.deepEqual(
    Object.keys(env).filter((name) => !known.has(name)),
    [],
  )
  READERS[process](env)
  assert.equal('AUDIT_KEYS' in env, process === 'worker', 'only the worker may hold AUDIT_KEYS')
}

/** Throws unless the last word of a command is a module that `npm run build` makes. */
function isBuilt(command: readonly string[]): void {
  const source = command.at(-1)?.replace(/^dist\/(.*)\.js$/, '$1.ts') ?? ''
  assert.ok(existsSync(join(PROJECT_ROOT, source)), command.join(' '))
}

const labels = z.record(z.string(), z.string())
const hardened = z.object({
  allowPrivilegeEscalation: z.literal(false),
  readOnlyRootFilesystem: z.literal(true),
  capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
})
const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) })
const container = z.object({
  name: z.enum(['web', 'worker', 'migrate']),
  command: z.array(z.string()),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
  envFrom: z.array(z.object({ configMapRef: z.object({ name: z.literal('portcullis') }) })).default([]),
  env: z.array(
    z.object({
      name: z.string(),
      valueFrom: z.object({ secretKeyRef: z.object({ name: z.string(), key: z.string() }) }),
    }),
  ),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  securityContext: hardened,
  resources: z.object({ requests: labels, limits: labels }),
})
const podTemplate = z.object({
  metadata: z.object({ labels }),
  spec: z.object({
    automountServiceAccountToken: z.literal(false),
    terminationGracePeriodSeconds: z.number().optional(),
    securityContext: z.object({ runAsNonRoot: z.literal(true), runAsUser: z.number().positive() }),
    containers: z.tuple([container]),
  }),
})
const selector = z.object({ matchLabels: labels })
const named = z.object({ kind: z.string(), metadata: z.object({ name: z.string() }) })
const workload = named.extend({ spec: z.object({ replicas: z.number().optional(), template: podTemplate }) })
const budget = named.extend({ spec: z.object({ minAvailable: z.literal(1), selector }) })
const service = named.extend({
  spec: z.object({ selector: labels, ports: z.tuple([z.object({ targetPort: z.string() })]) }),
})
const policy = named.extend({ spec: z.object({ podSelector: selector, policyTypes: z.array(z.string()) }) })

const documents = parseAllDocuments(read('docs/deploy/kubernetes.yaml')).map((document) => {
  assert.deepEqual([...document.errors, ...document.warnings], [])
  return document.toJS()
})
const ofKind = <Output>(schema: z.ZodType<Output>, ...kinds: string[]) =>
  documents.filter(({ kind }) => kinds.includes(kind)).map((document) => schema.parse(document))
const selects = (chosen: Record<string, string>, of: Record<string, string>) =>
  Object.entries(chosen).every(([name, value]) => of[name] === value)

const workloads = ofKind(workload, 'Deployment', 'Job')

for (const { metadata, spec } of workloads)
  test(`${metadata.name} on Kubernetes starts with its settings, hardened, on a module that is built`, () => {
    const [{ name, command, env, envFrom }] = spec.template.spec.containers
    const [settings] = ofKind(z.object({ data: labels }), 'ConfigMap')
    for (const { name: setting, valueFrom } of env) assert.equal(valueFrom.secretKeyRef.key, setting)
    const secrets = env.map(({ name: secret }) => [secret, SECRETS[secret] ?? ''])

    startsWith(name, { ...(envFrom.length > 0 && settings?.data), ...Object.fromEntries(secrets) })
    isBuilt(command)
  })

test('web and worker run twice on Kubernetes, each with a disruption budget of its own', () => {
  const deployments = workloads.filter(({ kind }) => kind === 'Deployment')
  const budgets = ofKind(budget, 'PodDisruptionBudget')

  assert.deepEqual(
    deployments.map(({ spec }) => spec.replicas),
    [2, 2],
  )
  for (const { spec } of deployments) {
    const own = budgets.filter((each) =>
      selects(each.spec.selector.matchLabels, spec.template.metadata.labels),
    )
    assert.equal(own.length, 1)
  }
})

test('the service and the probes reach the port of the image, at paths that web has', () => {
  const [web] = workloads.filter(({ metadata }) => metadata.name === 'portcullis-web')
  const [{ targetPort } = { targetPort: '' }] = ofKind(service, 'Service').flatMap(({ spec }) => spec.ports)
  assert.ok(web)
  const [{ ports, livenessProbe, readinessProbe }] = web.spec.template.spec.containers

  assert.deepEqual(ports, [
    { name: targetPort, containerPort: Number(/^EXPOSE (\d+)$/m.exec(read('Dockerfile'))?.[1]) },
  ])
  for (const asked of [livenessProbe, readinessProbe]) {
    assert.equal(asked?.httpGet.port, targetPort)
    assert.ok(read('src/platform/http/health.routes.ts').includes(`routes.get('${asked?.httpGet.path}'`))
  }
  assert.notEqual(livenessProbe?.httpGet.path, readinessProbe?.httpGet.path)
})

test('every pod is closed in both directions but for what a network policy names', () => {
  const policies = ofKind(policy, 'NetworkPolicy')

  for (const { spec } of workloads) {
    const types = policies
      .filter((each) => selects(each.spec.podSelector.matchLabels, spec.template.metadata.labels))
      .flatMap((each) => each.spec.policyTypes)
    assert.ok(types.includes('Ingress') && types.includes('Egress'))
  }
})

test('the services of compose.yaml start with their settings, on a module that is built', () => {
  const composed = z.object({
    command: z.array(z.string()).default(['dist/src/web.js']),
    environment: labels,
    read_only: z.literal(true),
  })
  const { services } = z
    .object({ services: z.record(z.string(), z.unknown()) })
    .parse(parse(read('docs/deploy/compose.yaml'), { merge: true }))

  for (const [name, process] of [
    ['web-1', 'web'],
    ['web-2', 'web'],
    ['worker-1', 'worker'],
    ['worker-2', 'worker'],
    ['migrate', 'migrate'],
  ] as const) {
    const { command, environment } = composed.parse(services[name])
    const filled = Object.entries(environment).map(([setting, value]) => [
      setting,
      value.replace(/\$\{([A-Z_]+):\?\}/g, (_, variable) => SECRETS[variable] ?? 'password'),
    ])
    startsWith(process, Object.fromEntries(filled))
    isBuilt(command)
  }
})

test('the workflow tries the oldest Node that package.json allows, and newer ones', () => {
  const { jobs } = parse(read('.github/workflows/test.yml'))
  const { engines } = JSON.parse(read('package.json'))

  assert.deepEqual(jobs.test.strategy.matrix.node, [Number(/\d+/.exec(engines.node)?.[0]), 22, 24])
})
