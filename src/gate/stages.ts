// Sign-in from top to bottom. The first row still needed is the browser's stage, on every request. Pure.
import { type Facts, factsOf, type Person, type Proofs } from './facts.ts'

const mfaOpen = (f: Facts) => (f.authenticatorActive ? !f.codeProven : f.enrolmentRequired)

export const STAGES = [
  {
    name: 'signed-out',
    page: '/sign-in',
    pages: ['/sign-in', '/activate/:token', '/forgot-password', '/reset-password/:token'],
    needed: (f: Facts) => !f.passwordProven || (mfaOpen(f) && f.halfwayOver),
  },
  {
    name: 'enrol',
    page: '/mfa/enrol',
    pages: ['/mfa/enrol', '/mfa/enrol/restart'],
    needed: (f: Facts) => !f.authenticatorActive && f.enrolmentRequired,
  },
  {
    name: 'verify',
    page: '/mfa/verify',
    pages: ['/mfa/verify', '/reset-requests'],
    needed: (f: Facts) => f.authenticatorActive && !f.codeProven,
  },
  { name: 'signed-in', page: '/', pages: [], needed: () => true },
] as const

export type Stage = (typeof STAGES)[number]
export type StageName = Stage['name']

export function stageOf(facts: Facts): Stage {
  const stage = STAGES.find(({ needed }) => needed(facts))
  if (!stage) throw new Error('no stage applies')
  return stage
}

/** Commands ask this again: the session may have ended since the request began. */
export function isSignedIn(proofs: Proofs, person: Person, now: Date): boolean {
  return stageOf(factsOf(proofs, person, now)).name === 'signed-in'
}
