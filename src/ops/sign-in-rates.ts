// How many sign-ins there are in a minute. Pure.
import { MINUTE } from '../platform/time/durations.ts'

export const RECENT_MS = 5 * MINUTE

export interface RecentEvents {
  action: string
  outcome: string
  events: number
}

export interface SignInRates {
  completed: number
  failed: number
  refused: number
}

/** Sign-ins a minute, over the last five minutes. Failed ones had a wrong password or code; refused ones met a lock. */
export function signInRates(recent: readonly RecentEvents[]): SignInRates {
  const aMinute = (isCounted: (event: RecentEvents) => boolean) => {
    const events = recent.filter(isCounted).reduce((sum, event) => sum + event.events, 0)
    return Math.round((10 * events * MINUTE) / RECENT_MS) / 10
  }
  const isAttempt = ({ action }: RecentEvents) => action === 'sign-in.password' || action === 'sign-in.code'
  return {
    completed: aMinute(({ action, outcome }) => action === 'sign-in.completed' && outcome === 'success'),
    failed: aMinute((event) => isAttempt(event) && event.outcome === 'failure'),
    refused: aMinute((event) => isAttempt(event) && event.outcome === 'refused'),
  }
}
