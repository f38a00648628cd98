import type { HashingDone, HashingLoad } from './hashing.tool.ts'
import type { SignInLoad, SignInsDone } from './people.tool.ts'
import { cpuSpentOn, type Pids } from './process-usage.ts'
import { percentile, type Spread, spreadOf } from './spread.ts'
import { STEPS } from './steps.ts'
import type { Tool } from './tool.ts'

export interface SignIns {
  parallel: number
  perSecond: Spread
  /** Bare password checks a second, as many at a time as the product makes here, measured just before. */
  bareHashing: Spread
  /** perSecond / bareHashing of the same round. */
  share: Spread
  p50Ms: number
  p99Ms: number
  stepMs: { step: string; p50Ms: number; p99Ms: number }[]
  /** CPU milliseconds of a sign-in, by process; null where the system does not tell. */
  cpuMs: Record<string, number | null>
  /** CPU milliseconds of one bare password check. */
  hashingCpuMs: number
  /** hashingCpuMs in all the CPU time of a sign-in: hardly disturbed by what else the machine does. */
  hashingShareOfCpu: number | null
}

interface Round {
  hashing: HashingDone
  signIns: SignInsDone
  cpu: Record<string, number | null>
}

/** One measurement: the floor, then the product. */
export async function measureSignIns(
  parallel: number,
  tools: { people: Tool<SignInLoad, SignInsDone>; hashing: Tool<HashingLoad, HashingDone> },
  pids: Pids,
  { floorMs, warmUpMs, measureMs }: { floorMs: number; warmUpMs: number; measureMs: number },
): Promise<Round> {
  const hashing = await tools.hashing.ask({ parallel, measureMs: floorMs })
  const { result: signIns, cpu } = await cpuSpentOn({ ...pids, people: tools.people.pid }, () =>
    tools.people.ask({ parallel, warmUpMs, measureMs }),
  )
  return { hashing, signIns, cpu }
}

/** What the rounds say together: rates as medians, times of all sign-ins pooled. */
export function summariseSignIns(parallel: number, rounds: readonly Round[]): SignIns {
  const whole = rounds.flatMap(({ signIns }) => signIns.wholeMs)
  const completed = rounds.reduce((sum, { signIns }) => sum + signIns.completed, 0)
  const processes = Object.keys(rounds[0]?.cpu ?? {})
  const cpuOf = (name: string) => {
    const spent = rounds.map(({ cpu }) => cpu[name] ?? null)
    return spent.includes(null) ? null : spent.reduce<number>((sum, ms) => sum + (ms ?? 0), 0) / completed
  }
  const cpuMs = Object.fromEntries(processes.map((name) => [name, cpuOf(name)]))
  const allCpuMs = Object.values(cpuMs).reduce(
    (sum, ms) => (sum === null || ms === null ? null : sum + ms),
    0,
  )
  const hashingCpuMs = spreadOf(rounds.map(({ hashing }) => hashing.cpuMsEach)).median
  return {
    parallel,
    perSecond: spreadOf(rounds.map(({ signIns }) => signIns.perSecond)),
    bareHashing: spreadOf(rounds.map(({ hashing }) => hashing.perSecond)),
    share: spreadOf(rounds.map(({ signIns, hashing }) => signIns.perSecond / hashing.perSecond)),
    p50Ms: percentile(whole, 50),
    p99Ms: percentile(whole, 99),
    stepMs: STEPS.map((step, index) => {
      const times = rounds.flatMap(({ signIns }) => signIns.stepMs[index] ?? [])
      return { step, p50Ms: percentile(times, 50), p99Ms: percentile(times, 99) }
    }),
    cpuMs,
    hashingCpuMs,
    hashingShareOfCpu: allCpuMs === null ? null : hashingCpuMs / allCpuMs,
  }
}
