// The figures of runs as a table of docs/reliability.md. Pure.
import { SECOND } from '../../src/platform/time/durations.ts'
import { longestGap } from './judge-times.ts'
import { inFaults, type Run, runSeconds, timesOf } from './report.ts'

/** The numbers of these faults, in this order, in one row. */
const FAULTS: Readonly<Record<string, readonly string[]>> = {
  'web killed, worker killed, rolling restarts': ['web killed', 'worker killed', 'rolling restart'],
  'PostgreSQL restarted fast, at once, frozen': [
    'PostgreSQL restarted fast',
    'PostgreSQL restarted at once',
    'PostgreSQL frozen',
  ],
  'PostgreSQL out of connections, out of disk': ['PostgreSQL out of connections', 'PostgreSQL out of disk'],
  'Redis killed, emptied, frozen, out of memory': [
    'Redis killed',
    'Redis emptied',
    'Redis frozen',
    'Redis out of memory',
  ],
  'mail server refusing, hanging, dropping after DATA': [
    'mail server refusing',
    'mail server hanging',
    'mail server dropping after DATA',
  ],
  'clock of a process an hour ahead, behind': ['clock an hour ahead', 'clock an hour behind'],
}

export function reportTable(runs: readonly Run[]): string[] {
  const columns = runs.map(rowsOf)
  const labels = [...(columns[0]?.keys() ?? [])]
  return [
    line(
      '',
      runs.map(({ engine }) => `${engine} queues`),
    ),
    `|---${'|---'.repeat(runs.length)}|`,
    ...labels.map((label) =>
      line(
        label,
        columns.map((column) => column.get(label) ?? ''),
      ),
    ),
  ]
}

function rowsOf(run: Run): Map<string, string> {
  const { seed, entries, looks, struck, recoveredMs } = run
  const { events, gate, codes, mails, logouts, times, violations } = run.verdict
  const of = (kind: string) => struck.filter((fault) => fault.kind === kind).length
  const { p50, p99, longest } = timesOf(inFaults(run))
  return new Map([
    ['seed, time', `${seed}, ${Math.round(runSeconds(run))} s`],
    ['requests; acknowledged', `${entries.length}; ${events.acknowledged}`],
    ['5xx, no answer or asked twice; of these carried out', `${events.unsure}; ${events.unsureDone}`],
    ['lost, doubled or otherwise wrong', `**${violations.length}**`],
    ...Object.entries(FAULTS).map(([label, kinds]): [string, string] => [label, kinds.map(of).join(', ')]),
    ['mails; sent again under the same Message-ID', `${mails.sent}; ${mails.doubled}`],
    ['ended sessions told to the application; told again', `${logouts.told}; ${logouts.toldAgain}`],
    ['pages shown, withheld', `${gate.shown}, ${gate.withheld}`],
    ['codes sent twice at once; locks', `${codes.replayed}; ${codes.locks}`],
    ['longest time without a good answer', seconds(longestGap(looks, struck).ms)],
    ['answers during faults: p50, p99, longest', [p50, p99, longest].map(seconds).join(', ')],
    ["longest answer without the machine's delay", seconds(times.longestMs)],
    ['all work done after the last fault', seconds(recoveredMs)],
  ])
}

function seconds(ms: number): string {
  return `${(ms / SECOND).toFixed(1)} s`
}

function line(label: string, values: readonly string[]): string {
  return `| ${[label, ...values].join(' | ')} |`
}
