// What was measured, and its report. Pure.
import type { Dashboard } from './measure-dashboard.ts'
import type { Mails } from './measure-mails.ts'
import type { SignIns } from './measure-sign-ins.ts'
import type { Statements } from './measure-statements.ts'
import type { Spread } from './spread.ts'

type Megabytes = Record<string, number>

export interface Report {
  machine: {
    cores: number
    node: string
    database: { version: string; fsync: string; synchronousCommit: string }
    /** What else the machine was doing: its load average of the minute before. */
    loadBefore: number
    rounds: number
  }
  signIns: SignIns[]
  dashboard: Dashboard[]
  pageBytes: number
  statements: { signIn: Statements; pageView: Statements }
  mails: Mails
  /** Resident, by process; the most that was seen of each kind of load. */
  memoryMb: Record<'atRest' | 'signIns' | 'pageViews' | 'mails' | 'after', Megabytes>
}

export function reportText(report: Report): string {
  const { machine, statements } = report
  const { version, fsync, synchronousCommit } = machine.database
  return `
Portcullis on ${machine.cores} cores, Node ${machine.node}, PostgreSQL ${version} (fsync ${fsync}, synchronous_commit ${synchronousCommit}),
one web and one worker process, the load made on the same machine. Load average before: ${machine.loadBefore.toFixed(1)}.
Medians of ${machine.rounds} round(s), lowest and highest in brackets; product and floor take turns.

FULL SIGN-INS: sign-in page, password, code page, code, dashboard. Every answer is checked.
${table([
  ['in parallel', 'sign-ins/s', 'bare Argon2id/s', 'share of it', 'p50', 'p99'],
  ...report.signIns.map(({ parallel, perSecond, bareHashing, share, p50Ms, p99Ms }) => [
    String(parallel),
    spread(perSecond),
    spread(bareHashing),
    percent(share),
    ms(p50Ms),
    ms(p99Ms),
  ]),
])}
How to read it: the floor checks passwords and does nothing else, as many at a time as the product.
100 % would be a sign-in that costs nothing but its password hash; the people's own share of the cores counts against it.

${table([
  ['p50 / p99 of each step', ...(report.signIns[0]?.stepMs.map(({ step }) => step) ?? [])],
  ...report.signIns.map(({ parallel, stepMs }) => [
    `${parallel} in parallel`,
    ...stepMs.map(({ p50Ms, p99Ms }) => `${ms(p50Ms)} / ${ms(p99Ms)}`),
  ]),
])}

${table([
  ['CPU of a sign-in', 'web', 'of it Argon2id', 'PostgreSQL', 'worker', 'the people', 'Argon2id of all'],
  ...report.signIns.map(({ parallel, cpuMs, hashingCpuMs, hashingShareOfCpu }) => [
    `${parallel} in parallel`,
    ms(cpuMs.web),
    ms(hashingCpuMs),
    ms(cpuMs.postgres),
    ms(cpuMs.worker),
    ms(cpuMs.people),
    hashingShareOfCpu === null ? '–' : `${(hashingShareOfCpu * 100).toFixed(0)} %`,
  ]),
])}
How to read it: 'of it Argon2id' is a bare password check in a process of its own; the rest of 'web' is pages and queries.
'Argon2id of all' says what the share above would be on a machine that does nothing else.

DASHBOARD PAGE (${report.pageBytes} bytes) beside the same page as a string from a bare Express, one process each
${table([
  ['connections', 'pages/s', 'bare Express/s', 'share of it', 'p50', 'p99'],
  ...report.dashboard.map(({ connections, perSecond, bareExpress, share, p50Ms, p99Ms }) => [
    String(connections),
    spread(perSecond),
    spread(bareExpress),
    percent(share),
    ms(p50Ms),
    ms(p99Ms),
  ]),
])}
How to read it: the share is what is left after the session, the gate and the page itself. At one connection it is
mostly the way to the database and back.

DATABASE
${table([
  ['', 'statements', 'transactions', 'session writes'],
  ['a sign-in', ...statementFigures(statements.signIn)],
  ['a dashboard page', ...statementFigures(statements.pageView)],
])}
How to read it: counted by PostgreSQL, BEGIN and COMMIT among the statements. A session in use is touched once a minute.

MEMORY, resident MB
${table([
  ['', 'at rest', 'sign-ins', 'dashboard', 'mails', 'afterwards'],
  ...['web', 'worker'].map((name) => [
    name,
    ...(['atRest', 'signIns', 'pageViews', 'mails', 'after'] as const).map((when) =>
      (report.memoryMb[when][name] ?? Number.NaN).toFixed(0),
    ),
  ]),
])}
How to read it: the most that was seen under each load; Node gives little back, so 'afterwards' is no leak by itself.

MAILS: ${report.mails.count} queued at once are sent at ${report.mails.perSecond.toFixed(0)} a second by one worker (queues on PostgreSQL).
`
}

function statementFigures({ each, transactionsEach, sessionWritesEach }: Statements): string[] {
  return [each, transactionsEach, sessionWritesEach].map((figure) => figure.toFixed(2))
}

export function spread({ median, lowest, highest }: Spread): string {
  const digits = median < 100 ? 1 : 0
  return `${median.toFixed(digits)} (${lowest.toFixed(digits)}–${highest.toFixed(digits)})`
}

export function percent({ median, lowest, highest }: Spread): string {
  return `${(median * 100).toFixed(0)} % (${(lowest * 100).toFixed(0)}–${(highest * 100).toFixed(0)})`
}

export function ms(figure: number | null | undefined): string {
  return figure === null || figure === undefined ? '–' : `${figure.toFixed(figure < 10 ? 1 : 0)} ms`
}

export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      `  ${row.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('   ')}`.trimEnd(),
    )
    .join('\n')
}

/** The first column to the left, figures to the right. */
function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}
