// The figures as a text to read. Pure.
import type { Dashboard } from './measure-dashboard.ts'
import type { Mails } from './measure-mails.ts'
import type { SignIns } from './measure-sign-ins.ts'
import type { Statements } from './measure-statements.ts'
import type { Spread } from './spread.ts'

export interface Figures {
  signIns: readonly SignIns[]
  dashboards: readonly Dashboard[]
  statements: { signIn: Statements; pageView: Statements }
  memory: Record<'atRest' | 'underLoad' | 'afterwards', Record<string, number>>
  mails: Mails
  rounds: number
}

/** Markdown tables with how to read them. */
export function report({ signIns, dashboards, statements, memory, mails, rounds }: Figures): string {
  const { signIn, pageView } = statements
  return `
Medians of ${rounds} round(s), [lowest to highest]; the floor of each is measured just before it, on the same cores,
which client, web and PostgreSQL share.

**Full sign-ins** (sign-in page, password, code page, code, dashboard; every answer checked) beside bare Argon2id
checks with the same parameters, as many at a time as there are cores.

| at a time | sign-ins/s | bare hashing/s | share | p50 | p99 |
|---|---|---|---|---|---|
${signIns.map((row) => `| ${row.parallel} | ${spread(row.perSecond)} | ${spread(row.bareHashing)} | ${percent(row.share)} | ${ms(row.p50Ms)} | ${ms(row.p99Ms)} |`).join('\n')}

CPU of a sign-in: ${signIns
    .map(
      ({ parallel, cpuMs }) =>
        `at ${parallel}: ${Object.entries(cpuMs)
          .map(([name, used]) => `${name} ${used === null ? 'unknown' : ms(used)}`)
          .join(', ')}`,
    )
    .join('; ')}. A bare password check: ${ms(signIns[0]?.hashingCpuMs ?? Number.NaN)}.

**The dashboard page** beside a bare Express page of the same bytes, one process each.

| connections | pages/s | bare Express/s | share | p50 | p99 |
|---|---|---|---|---|---|
${dashboards.map((row) => `| ${row.connections} | ${spread(row.perSecond)} | ${spread(row.bareExpress)} | ${percent(row.share)} | ${ms(row.p50Ms)} | ${ms(row.p99Ms)} |`).join('\n')}

**Statements**: a page view makes ${fixed(pageView.each)} (session writes: ${fixed(pageView.sessionWritesEach)}), a whole sign-in
${fixed(signIn.each)} in ${fixed(signIn.transactionsEach)} explicit transactions.

**Memory** (resident, MB): ${Object.keys(memory.atRest)
    .map(
      (name) =>
        `${name} ${fixed(memory.atRest[name])} at rest, ${fixed(memory.underLoad[name])} under load, ${fixed(memory.afterwards[name])} after`,
    )
    .join('; ')}.

**Mails**: ${mails.count} owed at once were sent at ${fixed(mails.perSecond)}/s (BullMQ on PostgreSQL).
`
}

function spread({ median, lowest, highest }: Spread): string {
  return `${fixed(median)} [${fixed(lowest)} to ${fixed(highest)}]`
}

function percent({ median, lowest, highest }: Spread): string {
  const [middle, from, to] = [median, lowest, highest].map((share) => `${Math.round(share * 100)} %`)
  return `${middle} [${from} to ${to}]`
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
}

function fixed(value = Number.NaN): string {
  return value < 100 ? String(Math.round(value * 100) / 100) : String(Math.round(value))
}
