// Which module may import which. `npm run check` asks it.
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/**
 * The floors of the house, from top to bottom. A folder imports folders on lower floors only, never one on its own or
 * on a higher floor. So there is no cycle between folders. The root files are wiring and stand where they are needed.
 */
const FLOORS = [
  // Started, and imported by nothing.
  ['src/web.ts'],
  ['src/app.ts'],
  ['src/commands'],
  ['src/start'],
  ['src/demo-application'],
  ['src/demo'],
  ['src/doctor'],
  // Pages
  ['src/account', 'src/dashboard', 'src/ops', 'src/service-desk'],
  // Features
  ['src/logos'],
  ['src/clients'],
  ['src/approvals'],
  ['src/bulk-acts'],
  ['src/mfa-policy'],
  ['src/users'],
  ['src/email-change'],
  ['src/invitations', 'src/mfa-reset'],
  ['src/audit-log'],
  // Applications behind the gate
  ['src/oidc'],
  ['src/forward-auth'],
  ['src/applications'],
  ['src/signing-keys'],
  // May I do this?
  ['src/access'],
  // May I come in?
  ['src/sign-in'],
  ['src/mfa'],
  ['src/gate'],
  ['src/lockout'],
  // The platform imports no feature.
  ['src/platform/mail'],
  ['src/platform/http'],
  ['src/deps.ts', 'src/export-traces.ts'],
  ['src/platform/outbox'],
  ['src/platform/audit'],
  ['src/platform/crypto'],
  ['src/platform/run-command.ts'],
  ['src/config.ts'],
  ['src/platform/db'],
  ['src/platform/time'],
  ['src/platform'],
]

/** The floors above the features: what is started, and pages. */
const FIRST_FEATURE = FLOORS.findIndex(([place]) => place === 'src/logos')

/** The header comment of a pure module says 'Pure.' (or 'Pure: …'). It computes, and does no I/O. */
const PURE_HEADER = /^(?:\/\/.*\n)*\/\/.*\bpure[.:]/i
const IO_LIBRARIES =
  'bullmq|drizzle-orm|express|express-session|ioredis|multer|nodemailer|nunjucks|pg|pino|postgres'

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((file) => `src/${file.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.ts'))
const pure = sources.filter((file) => PURE_HEADER.test(readFileSync(file, 'utf8')))
const PURE_BY_NAME = /\/(facts|policy|refusals|rules|stages|totp)[.]ts$/

const places = FLOORS.flat()
const homeless = sources.filter((file) => !places.some((place) => new RegExp(filesOf(place)).test(file)))
complainOf('These files stand on no floor of .dependency-cruiser.mjs', homeless)
complainOf(
  'These floors of .dependency-cruiser.mjs do not exist',
  places.filter((place) => !existsSync(place)),
)
complainOf(
  "The header comment of these files must say 'Pure.'",
  sources.filter((file) => PURE_BY_NAME.test(file) && !pure.includes(file)),
)

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...FLOORS.flatMap((places, floor) =>
      places.map((place) => ({
        name: `down-from-${place}`,
        comment: 'An import points to a lower floor. Move what both need down, or the caller up.',
        severity: 'error',
        from: { path: filesOf(place) },
        to: {
          path: FLOORS.slice(0, floor + 1)
            .flat()
            .filter((other) => other !== place)
            .map(filesOf),
        },
      })),
    ).filter(({ to }) => to.path.length > 0),
    {
      name: 'routes-in-app-only',
      comment: 'Routes are mounted in app.ts. What others need of them is a query or a command.',
      severity: 'error',
      from: { path: '^(src|workers)/', pathNot: '^src/(app[.]ts$|demo-application/)' },
      to: { path: '[.]routes[.]ts$' },
    },
    {
      name: 'product-knows-no-tests',
      severity: 'error',
      from: { path: '^(src|workers)/' },
      to: { path: '^test/' },
    },
    {
      name: 'demo-application-is-a-stranger',
      comment: 'It stands for an application that others have written.',
      severity: 'error',
      from: { path: '^src/demo-application/' },
      to: { path: '^(src|workers)/', pathNot: '^src/demo-application/' },
    },
    {
      name: 'demo-application-is-not-imported',
      severity: 'error',
      from: { path: '^(src|workers)/', pathNot: '^src/demo-application/' },
      to: { path: '^src/demo-application/' },
    },
    {
      name: 'workers-never-back',
      comment: 'The arrow goes workers → src.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^workers/' },
    },
    {
      name: 'workers-know-no-page',
      comment: 'Jobs use commands and queries of features.',
      severity: 'error',
      from: { path: '^workers/' },
      to: { path: FLOORS.slice(0, FIRST_FEATURE).flat().map(filesOf) },
    },
    {
      name: 'pure-imports-pure',
      comment:
        'A pure module imports pure modules only: no database, no HTTP, no files. config.ts gives it types.',
      severity: 'error',
      from: { path: pure.map(filesOf) },
      to: { path: '^src/', pathNot: [...pure, 'src/config.ts'].map(filesOf) },
    },
    {
      name: 'pure-does-no-io',
      severity: 'error',
      from: { path: pure.map(filesOf) },
      to: { path: `(^|node_modules/)(${IO_LIBRARIES})(/|$)` },
    },
    {
      name: 'pure-does-no-io-in-node',
      severity: 'error',
      from: { path: pure.map(filesOf) },
      to: { dependencyTypes: ['core'], pathNot: 'crypto$' },
    },
  ],
  options: {
    // TypeScript 7 has no API for it. swc sees a type that is imported as an import, which is what we want here.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node'],
    },
  },
}

/** Throws if there are such files. */
function complainOf(problem, files) {
  if (files.length > 0) throw new Error(`${problem}: ${files.join(', ')}`)
}

/** A regular expression for the files of a place. `src/platform` means the files directly in it that have no other. */
function filesOf(place) {
  const escaped = place.replaceAll('.', '[.]')
  if (place.endsWith('.ts')) return `^${escaped}$`
  return place === 'src/platform' ? `^${escaped}/(?!run-command[.]ts$)[^/]+$` : `^${escaped}/`
}
