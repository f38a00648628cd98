import { MINUTE } from '../../src/platform/time/durations.ts'

/** How long processes and servers are made to fail on each queue engine: FAULT_MINUTES. */
export const FAULT_TIME_MS = Number(process.env.FAULT_MINUTES ?? 0.8) * MINUTE
