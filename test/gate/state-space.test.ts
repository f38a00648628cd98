// Every state that any sequence of events can bring a browser into, explored until nothing new appears.
// A model beside the gate remembers what really happened, in the specification's words.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { factsOf, type Person, type Proofs, passwordSuffices } from '../../src/gate/facts.ts'
import { type StageName, stageOf } from '../../src/gate/stages.ts'
import { NO_FAILURES } from '../../src/lockout/policy.ts'
import { HOUR, MINUTE } from '../../src/platform/time/durations.ts'

interface World {
  now: number
  status: Person['status']
  suspended: boolean
  epoch: number
  policyRequires: boolean
  /** Null: at once. */
  policyStartsAt: number | null
  holdsRole: boolean
  holdsOtherRole: boolean
  authenticator: number | null
  authenticatorsMade: number
  codesLockedAt: number | null
  proofs: Proofs | undefined
  witness: { passwordGiven: boolean; codeGivenFrom: number | null }
}

const START: World = {
  now: Date.UTC(2026, 2, 2),
  status: 'active',
  suspended: false,
  epoch: 0,
  policyRequires: false,
  policyStartsAt: null,
  holdsRole: true,
  holdsOtherRole: false,
  authenticator: null,
  authenticatorsMade: 0,
  codesLockedAt: null,
  proofs: undefined,
  witness: { passwordGiven: false, codeGivenFrom: null },
}

const ROLE = { name: 'Role', rank: 20, isAdmin: false, isServiceDesk: false, isOperator: false }

function personIn(world: World): Person {
  const startsAt = world.policyStartsAt === null ? null : new Date(world.policyStartsAt)
  return {
    id: 'user',
    email: 'user@harbour.example',
    name: 'User',
    status: world.status,
    sessionEpoch: world.epoch,
    clientId: 'client',
    clientName: 'Harbour',
    ofPlatform: false,
    clientSuspended: world.suspended,
    ofParent: false,
    roleGroups: [
      ...(world.holdsRole
        ? [{ ...ROLE, key: 'r', requirement: world.policyRequires ? { startsAt } : null }]
        : []),
      ...(world.holdsOtherRole ? [{ ...ROLE, key: 'o', requirement: null }] : []),
    ],
    authenticator:
      world.authenticator === null
        ? null
        : {
            id: String(world.authenticator),
            activatedAt: new Date(0),
            lastAcceptedStep: 0,
            lastUsedAt: null,
          },
    codeLockout: {
      ...NO_FAILURES,
      version: 0,
      lockedAt: world.codesLockedAt === null ? null : new Date(world.codesLockedAt),
    },
  }
}

function stageIn(world: World): StageName {
  return stageOf(factsOf(world.proofs, personIn(world), new Date(world.now))).name
}

const SIGNED_OUT = { proofs: undefined, witness: { passwordGiven: false, codeGivenFrom: null } }

const PASSWORD = 'signs in with the password'

// What can happen. An event that the product would not take in this state changes nothing.
const EVENTS: Record<string, (world: World) => World> = {
  [PASSWORD]: (world) =>
    world.status === 'disabled' || world.suspended
      ? world
      : {
          ...world,
          proofs: { userId: 'user', epoch: world.epoch, passwordAt: world.now },
          witness: { passwordGiven: true, codeGivenFrom: null },
        },
  'confirms an enrolment': (world) =>
    stageIn(world) === 'enrol'
      ? {
          ...world,
          authenticator: world.authenticatorsMade,
          authenticatorsMade: world.authenticatorsMade + 1,
        }
      : world,
  'enters a right code': (world) =>
    stageIn(world) === 'verify' && world.proofs && world.authenticator !== null
      ? {
          ...world,
          status: 'active',
          proofs: {
            ...world.proofs,
            verified: { at: world.now, authenticatorId: String(world.authenticator) },
          },
          witness: { ...world.witness, codeGivenFrom: world.authenticator },
        }
      : world,
  'enrols and verifies in another browser': (world) =>
    world.authenticator === null && world.status === 'active'
      ? {
          ...world,
          authenticator: world.authenticatorsMade,
          authenticatorsMade: world.authenticatorsMade + 1,
        }
      : world,
  'guesses codes until they lock': (world) => ({ ...world, codesLockedAt: world.now }),
  'signs out': (world) => ({ ...world, ...SIGNED_OUT }),
  'has the authenticator reset': (world) =>
    world.authenticator === null ? world : { ...world, authenticator: null, epoch: world.epoch + 1 },
  'has the password reset': (world) => ({ ...world, epoch: world.epoch + 1 }),
  'is disabled': (world) => ({ ...world, status: 'disabled', epoch: world.epoch + 1 }),
  'is enabled': (world) => (world.status === 'disabled' ? { ...world, status: 'active' } : world),
  'has the account suspended': (world) => ({ ...world, suspended: !world.suspended }),
  'sees the policy change': (world) => ({
    ...world,
    policyRequires: !world.policyRequires,
    policyStartsAt: null,
  }),
  'hears that MFA is required from a time on': (world) =>
    world.policyRequires ? world : { ...world, policyRequires: true, policyStartsAt: world.now + 2 * MINUTE },
  'gains or loses the role': (world) => ({ ...world, holdsRole: !world.holdsRole }),
  'gains or loses another role': (world) => ({ ...world, holdsOtherRole: !world.holdsOtherRole }),
  'waits a minute': (world) => ({ ...world, now: world.now + MINUTE }),
  'waits an hour': (world) => ({ ...world, now: world.now + HOUR }),
}

/** Two worlds are the same state if they differ only in the absolute values of clocks, counters and names. */
function keyOf(world: World): string {
  const { proofs } = world
  return JSON.stringify([
    world.status,
    world.suspended,
    world.policyRequires,
    world.policyStartsAt !== null && Math.max(0, world.policyStartsAt - world.now),
    world.holdsRole,
    world.holdsOtherRole,
    world.authenticator !== null,
    proofs && [
      proofs.epoch === world.epoch,
      Math.min(11, Math.floor((world.now - proofs.passwordAt) / MINUTE)),
      proofs.verified && proofs.verified.authenticatorId === String(world.authenticator),
      world.codesLockedAt !== null && proofs.passwordAt <= world.codesLockedAt,
    ],
    world.witness.passwordGiven,
    world.witness.codeGivenFrom !== null && world.witness.codeGivenFrom === world.authenticator,
  ])
}

test('no order of events reaches the signed-in stage while MFA is open', () => {
  const seen = new Map<string, string[]>()
  const stages = new Set<StageName>()
  let frontier: { world: World; path: string[] }[] = (['active', 'invited'] as const).map((status) => ({
    world: { ...START, status },
    path: [`a user who is ${status}`],
  }))
  let transitions = 0

  while (frontier.length > 0) {
    const next: typeof frontier = []
    for (const { world, path } of frontier) {
      for (const [event, happen] of Object.entries(EVENTS)) {
        const after = happen(world)
        transitions += 1
        const key = keyOf(after)
        if (seen.has(key)) continue
        const story = [...path, event]
        seen.set(key, story)
        checkAgainstWitness(after, story)
        if (event === PASSWORD && after.status === 'active' && !after.suspended)
          checkPasswordAlone(after, story)
        stages.add(stageIn(after))
        next.push({ world: after, path: story })
      }
    }
    frontier = next
  }

  assert.deepEqual(
    [...stages].sort(),
    ['enrol', 'signed-in', 'signed-out', 'verify'],
    'every stage was visited',
  )
  assert.ok(seen.size > 5_000 && transitions > 50_000, `${seen.size} states, ${transitions} transitions`)
})

function checkAgainstWitness(world: World, story: string[]): void {
  const stage = stageIn(world)
  const events = story.join(' → ')
  const begun = world.policyStartsAt === null || world.now >= world.policyStartsAt
  const required =
    (world.holdsRole && world.policyRequires && begun) || (!world.holdsRole && !world.holdsOtherRole)
  const { passwordGiven, codeGivenFrom } = world.witness

  if (stage !== 'signed-out') {
    assert.ok(passwordGiven, `no page without the password: ${events}`)
    assert.ok(
      world.status !== 'disabled' && !world.suspended,
      `no disabled or suspended user is signed in: ${events}`,
    )
  }
  if (stage !== 'signed-in') return
  assert.equal(world.proofs?.epoch, world.epoch, `no session outlives what ends it: ${events}`)
  if (world.authenticator !== null)
    assert.equal(codeGivenFrom, world.authenticator, `an enrolled user always gives a code: ${events}`)
  else assert.ok(!required && world.status === 'active', `who must enrol is not signed in: ${events}`)
}

/** What says of a password that it completes the sign-in says the same as the gate. */
function checkPasswordAlone(justSignedIn: World, story: string[]): void {
  const open = stageIn(justSignedIn) === 'signed-in'
  const now = new Date(justSignedIn.now)
  assert.equal(passwordSuffices(personIn(justSignedIn), now), open, story.join(' → '))
}
