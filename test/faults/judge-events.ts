// Whether the audit log holds for each request what its answer said, once. Pure.
import { grouped } from './grouped.ts'
import { type Act, type Entry, isAcknowledged, outcomeOf } from './ledger.ts'

export interface Event {
  requestId: string | null
  action: string
  outcome: string
}

const PASSWORD = 'sign-in.password'

/** The events of each answer; several lines where the answer leaves it open. */
const EFFECTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'sign-in 303 /mfa/verify': [[`${PASSWORD} success`]],
  'sign-in 303 /mfa/enrol': [[`${PASSWORD} success`, 'authenticator.enrolment-begun success']],
  // No MFA is required of the probe.
  'sign-in 303 /': [[`${PASSWORD} success`, 'sign-in.completed success']],
  'sign-in 401': [[`${PASSWORD} failure`]],
  'sign-in 429': [[`${PASSWORD} refused`]],
  'verify 303 /': [['sign-in.completed success']],
  'verify 401': [['sign-in.code failure']],
  // The second of two equal codes costs no attempt.
  'verify 401 right': [[], ['sign-in.code failure']],
  'verify 429': [['sign-in.code refused']],
  // The session has ended.
  'verify 303 /sign-in': [[]],
  // It was reset.
  'verify 303 /mfa/enrol': [[]],
  'enrol 303 /mfa/verify': [['authenticator.enrolled success']],
  'enrol 303 /sign-in': [[]],
  'page 200': [[]],
  'page 303 /sign-in': [[]],
  'page 303 /mfa/verify': [[]],
  'page 303 /mfa/enrol': [[]],
  'sign-out 303 /sign-in': [['sign-out success']],
  'reset 303 /users': [['mfa-reset.requested success']],
  'invite 303 /users': [['invitation.sent success']],
  'disable 303': [['user.disabled success']],
  'enable 303': [['user.enabled success']],
  // It was enabled by a request without an answer, or never disabled.
  'enable 409': [[], ['user.enabled refused']],
  'lift 303': [['lockout.lifted success']],
  // The lock has ended by itself.
  'lift 409': [[], ['lockout.lifted refused']],
  // What is required already is not recorded.
  'policy 303': [[], ['mfa-policy.changed success']],
  'forgot-password 200': [['password.reset-requested success']],
  'hand-over 200': [[]],
  'hand-over 302': [[]],
  // The session has ended, or not yet begun again.
  'hand-over 303': [[]],
  'hand-over 403': [['application.entered refused']],
  // It has ended meanwhile.
  'enter 303': [['application.entered success'], []],
  // Sent again: its code was used.
  'enter 400': [[], ['application.error failure']],
  'ask 200': [[]],
  'ask 401': [[], ['application.error failure']],
  'ask 403': [[], ['application.entered refused']],
  'authorize 200': [[]],
  // The grant of a session is opened once.
  'authorize 302': [[], ['application.entered success']],
  'authorize 303': [[], ['application.entered success']],
  'authorize 400': [[], ['application.error failure']],
  'token 200': [[]],
  'token 400': [[], ['application.error failure']],
}

/** What may come with it. */
const ALSO = ['lockout.started success', 'lockout.ended success', 'known-browser.ended success']

/** The effects of each act, to assign the events of requests without an answer. */
const ACTIONS: Readonly<Partial<Record<Act, readonly string[]>>> = {
  'sign-in': [PASSWORD, 'sign-in.completed', 'authenticator.enrolment-begun', 'lockout.started'],
  verify: ['sign-in.completed', 'sign-in.code', 'lockout.started'],
  enrol: ['authenticator.enrolled', 'sign-in.code', 'authenticator.enrolment-begun'],
  'sign-out': ['sign-out'],
  reset: ['mfa-reset.requested', 'known-browser.ended', 'lockout.ended'],
  invite: ['invitation.sent'],
  disable: ['user.disabled', 'known-browser.ended'],
  enable: ['user.enabled'],
  lift: ['lockout.lifted'],
  policy: ['mfa-policy.changed'],
  'forgot-password': ['password.reset-requested'],
  'hand-over': ['application.entered'],
  enter: ['application.entered', 'application.error'],
  ask: ['application.entered', 'application.error'],
  authorize: ['application.entered', 'application.error'],
  token: ['application.error'],
}

export interface EventsVerdict {
  violations: string[]
  acknowledged: number
  /** Answered 5xx, not at all, or by a second process. */
  unsure: number
  /** Of these, how many had their effect all the same. */
  unsureDone: number
}

export function judgeEvents(entries: readonly Entry[], events: readonly Event[]): EventsVerdict {
  const byRequest = grouped(events, ({ requestId }) => requestId)
  byRequest.delete(null)
  const violations: string[] = []
  const verdict = { violations, acknowledged: 0, unsure: 0, unsureDone: 0 }
  const unanswered = new Map<string, number>()

  for (const entry of entries) {
    const found = (entry.requestId && byRequest.get(entry.requestId)) || []
    byRequest.delete(entry.requestId)
    const names = found.map(({ action, outcome }) => `${action} ${outcome}`)
    const doubled = names.filter((name, index) => names.indexOf(name) !== index)
    if (doubled.length > 0) violations.push(`doubled: ${describe(entry)}: ${doubled.join(', ')}`)
    if (entry.requestId === null || entry.askedAgain)
      for (const action of ACTIONS[entry.act] ?? []) unanswered.set(action, (unanswered.get(action) ?? 0) + 1)
    if (isAcknowledged(entry) && !entry.askedAgain) {
      verdict.acknowledged += 1
      const problem = problemOf(entry, names)
      if (problem) violations.push(problem)
      continue
    }
    if (entry.status === 500) violations.push(`unexpected: ${describe(entry)}`)
    verdict.unsure += 1
    if (names.length > 0) verdict.unsureDone += 1
  }

  // What is left must come from requests without an answer.
  for (const left of byRequest.values()) {
    verdict.unsureDone += 1
    for (const { action, outcome } of left) {
      const spare = unanswered.get(action) ?? 0
      if (spare === 0) violations.push(`of no request: ${action} ${outcome}`)
      unanswered.set(action, spare - 1)
    }
  }
  return verdict
}

function problemOf(entry: Entry, names: readonly string[]): string | null {
  const outcome = outcomeOf(entry)
  const candidates = [`${outcome} right`, outcome, `${entry.act} ${entry.status}`]
  const key = candidates.find((name) => name in EFFECTS && (entry.right || !name.endsWith(' right')))
  if (key === undefined) return `unexpected: ${describe(entry)}: ${names.join(', ')}`
  const own = names.filter((name) => !ALSO.includes(name)).sort()
  const fits = EFFECTS[key]?.some((wanted) => [...wanted].sort().join() === own.join())
  return fits ? null : `effects: ${describe(entry)} has: ${own.join(', ') || 'nothing'}`
}

export function describe(entry: Entry): string {
  const { sentAt, person, session, about, requestId } = entry
  const at = new Date(sentAt).toISOString()
  return `${outcomeOf(entry)} at ${at}, person ${person}, session ${session}, about ${about}, request ${requestId}`
}
