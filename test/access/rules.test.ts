// The permission table of the design, row by row and exhaustively.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { approversOf, type CasePeople } from '../../src/access/approvers.ts'
import { oneMadeTheOther, shareAMaker } from '../../src/access/makers.ts'
import { REFUSALS, type Refusal } from '../../src/access/refusals.ts'
import {
  type AccountTarget,
  type Actor,
  mayAdminister,
  mayChangeEmail,
  mayChangeInvitation,
  mayChangeProfile,
  mayChangeRoleGroups,
  mayCreateClient,
  mayDecideApproval,
  mayDisable,
  mayDisableApplication,
  mayEnable,
  mayEnableApplication,
  mayEndSessions,
  mayErase,
  mayGrant,
  mayInvite,
  mayLoosenPolicy,
  mayOperate,
  mayRenameClient,
  mayResetMfa,
  mayResumeClient,
  mayRunApplications,
  maySuspendClient,
  mayTightenPolicy,
  mayUnlock,
  mayUseServiceDesk,
  mayViewAccount,
  mayViewApplications,
  mayViewApprovals,
  mayWithdrawApproval,
  needsApproval,
  type Relation,
  type Target,
} from '../../src/access/rules.ts'

const NOBODY_SPECIAL = { id: 'actor', isAdmin: false, isServiceDesk: false, isOperator: false, rank: 100 }
const ACTORS: Record<string, Actor> = {
  user: NOBODY_SPECIAL,
  Admin: { ...NOBODY_SPECIAL, isAdmin: true },
  'Service Desk': { ...NOBODY_SPECIAL, isServiceDesk: true },
  Operator: { ...NOBODY_SPECIAL, isOperator: true },
}
const RELATIONS: Relation[] = ['own', 'child', 'elsewhere']
const BOTH = [false, true]

const USER: Target = {
  id: 'target',
  relation: 'own',
  isAdmin: false,
  administers: false,
  tiedToActor: false,
  addressChangedByActor: false,
  mfaResetByActor: false,
  authenticatorActive: true,
  lockedOut: true,
  status: 'active',
  accountSuspended: false,
}

describe('seeing users, MFA status, policy and audit', () => {
  // rows: actor; columns: own account, child account, elsewhere
  const table: Record<string, [Refusal | null, Refusal | null, Refusal | null]> = {
    user: ['admins-only', 'unknown', 'unknown'],
    Admin: [null, null, 'unknown'],
    'Service Desk': [null, null, null],
    Operator: ['admins-only', 'unknown', 'unknown'],
  }
  for (const [name, row] of Object.entries(table))
    for (const [column, expected] of row.entries()) {
      const relation = RELATIONS[column] ?? 'own'
      test(`${name} sees an account, ${relation}: ${expected ?? 'yes'}`, () => {
        assert.equal(mayViewAccount(ACTORS[name] ?? NOBODY_SPECIAL, relation), expected)
      })
    }
})

describe('resetting MFA', () => {
  const table: [actor: string, relation: Relation, target: Partial<Target>, expected: Refusal | null][] = [
    ['Admin', 'own', {}, null],
    ['Admin', 'own', { isAdmin: true }, 'admins-by-service-desk'],
    ['Admin', 'own', { id: 'actor', isAdmin: true }, 'not-oneself'],
    ['Admin', 'own', { authenticatorActive: false }, 'nothing-to-reset'],
    ['Admin', 'child', {}, 'parents-only-look'],
    ['Admin', 'child', { isAdmin: true }, 'parents-only-look'],
    ['Admin', 'child', { authenticatorActive: false }, 'parents-only-look'],
    ['Admin', 'elsewhere', {}, 'unknown'],
    ['Admin', 'elsewhere', { isAdmin: true }, 'unknown'],
    ['user', 'own', {}, 'admins-only'],
    ['user', 'child', {}, 'unknown'],
    ['user', 'elsewhere', {}, 'unknown'],
    ['Service Desk', 'elsewhere', {}, null],
    ['Service Desk', 'elsewhere', { isAdmin: true }, null],
    ['Service Desk', 'own', {}, null],
    ['Service Desk', 'own', { id: 'actor' }, 'not-oneself'],
    ['Service Desk', 'elsewhere', { authenticatorActive: false }, 'nothing-to-reset'],
    ['Operator', 'own', {}, 'admins-only'],
    ['Operator', 'elsewhere', {}, 'unknown'],
  ]
  for (const [actor, relation, target, expected] of table)
    test(`${actor} resets MFA: ${relation}, ${JSON.stringify(target)}: ${expected ?? 'yes'}`, () => {
      assert.equal(mayResetMfa(ACTORS[actor] ?? NOBODY_SPECIAL, { ...USER, relation, ...target }), expected)
    })
})

test('over every actor and target exactly the actors named in the specification may reset MFA', () => {
  for (const isAdmin of BOTH)
    for (const isServiceDesk of BOTH)
      for (const isOperator of BOTH)
        for (const relation of RELATIONS)
          for (const id of ['actor', 'target'])
            for (const targetIsAdmin of BOTH)
              for (const authenticatorActive of BOTH) {
                const actor = { id: 'actor', isAdmin, isServiceDesk, isOperator, rank: 100 }
                const target = { ...USER, id, relation, isAdmin: targetIsAdmin, authenticatorActive }
                const byAdmin = isAdmin && relation === 'own' && !targetIsAdmin
                const expected = (isServiceDesk || byAdmin) && id !== 'actor' && authenticatorActive
                assert.equal(mayResetMfa(actor, target) === null, expected, JSON.stringify({ actor, target }))
                assert.equal(
                  mayUnlock(actor, target) === null,
                  (isServiceDesk || byAdmin) && id !== 'actor',
                  'unlocking follows the same permissions',
                )
                if (mayAdminister(actor, target) === null) assert.equal(mayViewAccount(actor, relation), null)
              }
})

test('the address of a user is changed by those who may reset them, while it is active, and not after a reset of their own', () => {
  const { Admin = NOBODY_SPECIAL, 'Service Desk': desk = NOBODY_SPECIAL } = ACTORS
  const cases: [Actor, Partial<Target>, Refusal | null][] = [
    [Admin, {}, null],
    [desk, { relation: 'elsewhere' }, null],
    [Admin, { relation: 'child' }, 'parents-only-look'],
    [Admin, { relation: 'elsewhere' }, 'unknown'],
    [Admin, { id: 'actor' }, 'not-oneself'],
    [Admin, { isAdmin: true, administers: true }, 'admins-by-service-desk'],
    [desk, { isAdmin: true, administers: true }, 'administrators-own-address'],
    [Admin, { status: 'invited' }, 'address-while-active'],
    [Admin, { status: 'disabled' }, 'address-while-active'],
    [desk, { accountSuspended: true }, 'address-while-active'],
    [Admin, { mfaResetByActor: true }, 'reset-authenticator'],
  ]
  for (const [actor, target, expected] of cases)
    assert.equal(mayChangeEmail(actor, { ...USER, ...target }), expected, JSON.stringify(target))
  assert.equal(mayResetMfa(Admin, { ...USER, addressChangedByActor: true }), 'changed-address')
})

describe('administrators of whom one invited or promoted the other within 30 days', () => {
  const restores = { mayResetMfa, mayUnlock, mayEnable }
  const others = {
    mayChangeProfile,
    mayChangeRoleGroups,
    mayEndSessions,
    mayDisable,
    mayErase,
    mayChangeInvitation,
  }
  /** A target on whom each of these acts is possible. */
  const targetOf = (act: string, facts: Partial<Target>): Target => ({
    ...USER,
    ...facts,
    status: ['mayEnable', 'mayErase'].includes(act)
      ? 'disabled'
      : act === 'mayChangeInvitation'
        ? 'invited'
        : 'active',
  })

  test('tied administrators do not give each other control of an account back by reset, unlocking or enabling', () => {
    for (const [act, rule] of Object.entries(restores))
      for (const relation of RELATIONS)
        for (const administers of BOTH)
          for (const tiedToActor of BOTH)
            for (const [name, actor] of Object.entries(ACTORS)) {
              const facts = { relation, administers, tiedToActor }
              const untied = rule(actor, targetOf(act, { ...facts, tiedToActor: false }))
              const expected = untied ?? (administers && tiedToActor ? 'invited-or-promoted' : null)
              assert.equal(rule(actor, targetOf(act, facts)), expected, JSON.stringify({ act, name, facts }))
            }
  })

  test('an Admin resets a Tech Operator regardless of who invited whom', () => {
    const { Admin } = ACTORS
    assert.ok(Admin)
    assert.equal(mayResetMfa(Admin, { ...USER, tiedToActor: true }), null)
  })

  test('tied administrators may take power from each other', () => {
    const { 'Service Desk': desk } = ACTORS
    assert.ok(desk)
    for (const [act, rule] of Object.entries(others))
      assert.equal(rule(desk, targetOf(act, { administers: true, tiedToActor: true })), null, act)
  })

  test('a tie changes nothing about what was refused before', () => {
    const { Admin, 'Service Desk': desk } = ACTORS
    assert.ok(Admin && desk)
    const tied = { ...USER, administers: true, tiedToActor: true }
    assert.equal(mayResetMfa(Admin, { ...tied, isAdmin: true }), 'admins-by-service-desk')
    assert.equal(mayResetMfa(desk, { ...tied, id: 'actor' }), 'not-oneself')
    assert.equal(mayResetMfa(Admin, { ...tied, relation: 'elsewhere' }), 'unknown')
  })
})

describe('the second approval', () => {
  test('a second approval is needed for every role group of the platform account and every role group that administers, and for no other', () => {
    const plain = { isAdmin: false, isServiceDesk: false, isOperator: false, rank: 20, ofPlatform: false }

    assert.equal(needsApproval(plain), false)
    for (const flag of ['ofPlatform', 'isAdmin', 'isServiceDesk', 'isOperator'])
      assert.equal(needsApproval({ ...plain, [flag]: true }), true, flag)
  })

  test('over every actor and case an agent decides, an Operator only where no agent may, and never the requester or the person concerned', () => {
    for (const [name, actor] of Object.entries(ACTORS))
      for (const requestedBy of ['actor', 'requester'])
        for (const userId of ['actor', 'target', null])
          for (const tiedToActor of BOTH)
            for (const agentsMayDecide of BOTH) {
              const approval = { requestedBy, userId, tiedToActor, agentsMayDecide }
              const falls = name === 'Service Desk' || (name === 'Operator' && !agentsMayDecide)
              const allowed = falls && requestedBy !== 'actor' && userId !== 'actor' && !tiedToActor
              const about = JSON.stringify({ name, approval })
              assert.equal(mayDecideApproval(actor, approval) === null, allowed, about)
            }
  })

  test('a refused decision says why, and a case of another account does not exist', () => {
    const approval = { requestedBy: 'requester', userId: 'target', tiedToActor: false, agentsMayDecide: true }
    const { user, Admin, 'Service Desk': desk, Operator } = ACTORS
    assert.ok(user && Admin && desk && Operator)
    for (const actor of [user, Admin, Operator]) assert.equal(mayDecideApproval(actor, approval), 'unknown')
    assert.equal(mayDecideApproval(desk, { ...approval, requestedBy: 'actor' }), 'own-request')
    assert.equal(mayDecideApproval(desk, { ...approval, userId: 'actor' }), 'about-oneself')
    assert.equal(mayDecideApproval(desk, { ...approval, tiedToActor: true }), 'approved-by-others')
    for (const actor of [user, Admin]) assert.equal(mayViewApprovals(actor), 'unknown')
    for (const actor of [desk, Operator]) assert.equal(mayViewApprovals(actor), null)
  })

  test('a case is withdrawn only by the agent who requested it', () => {
    for (const [name, actor] of Object.entries(ACTORS)) {
      const isAgent = name === 'Service Desk'
      assert.equal(mayWithdrawApproval(actor, { requestedBy: 'actor' }), isAgent ? null : 'unknown')
      const others = mayWithdrawApproval(actor, { requestedBy: 'other' })
      assert.equal(others, isAgent ? 'withdrawn-by-requester' : 'unknown')
    }
  })
})

describe('who made whom', () => {
  // a invited b, b invited c, a invited d; e came by the command.
  const makers = new Map([
    ['a', new Set(['a'])],
    ['b', new Set(['b', 'a'])],
    ['c', new Set(['c', 'b', 'a'])],
    ['d', new Set(['d', 'a'])],
    ['e', new Set(['e'])],
  ])

  test('one line joins a person with those they made, also through others, in either direction', () => {
    const joined = ['a', 'b', 'c', 'd', 'e'].flatMap((one) =>
      ['a', 'b', 'c', 'd', 'e'].flatMap((other) =>
        one < other && oneMadeTheOther(makers, one, other) ? [one + other] : [],
      ),
    )
    assert.deepEqual(joined, ['ab', 'ac', 'ad', 'bc'])
    assert.equal(oneMadeTheOther(makers, 'c', 'a'), true)
  })

  test('a family also joins those whom the same person made', () => {
    assert.equal(shareAMaker(makers, 'b', 'd'), true)
    assert.equal(shareAMaker(makers, 'd', 'c'), true)
    for (const id of ['a', 'b', 'c', 'd']) assert.equal(shareAMaker(makers, 'e', id), false)
  })

  test('a relation that was not read is no answer', () => {
    assert.throws(() => oneMadeTheOther(makers, 'a', 'nobody'), /not read/)
  })

  test('a case falls to the agents who may decide it, else to the Operators, else to no one', () => {
    const agent = (id: string) => ({ ...NOBODY_SPECIAL, id, isServiceDesk: true })
    const operator = (id: string) => ({ ...NOBODY_SPECIAL, id, isOperator: true })
    const asked = { requestedBy: 'a', userId: null }

    const falls = (staff: Actor[], people: CasePeople = asked) => approversOf(people, staff, makers)

    assert.deepEqual(falls([agent('a'), agent('e'), operator('d')]), { fallsTo: 'agents', ids: ['e'] })
    assert.deepEqual(falls([agent('a'), operator('e')]), { fallsTo: 'operators', ids: ['e'] })
    assert.deepEqual(falls([agent('a'), agent('b'), operator('e')]), { fallsTo: 'operators', ids: ['e'] })
    assert.deepEqual(falls([agent('a'), operator('b')]), { fallsTo: 'none', ids: [] })
    assert.deepEqual(falls([{ ...agent('a'), isOperator: true }]), { fallsTo: 'none', ids: [] })
    // Two made by the same agent are no second opinion on each other.
    assert.deepEqual(falls([agent('b'), agent('d')], { requestedBy: 'b', userId: null }).ids, [])
    // A person decides neither about those they made nor about those who made them.
    assert.deepEqual(falls([agent('e'), agent('b')], { requestedBy: 'e', userId: 'c' }).ids, [])
    assert.deepEqual(falls([agent('e'), agent('c')], { requestedBy: 'e', userId: 'b' }).ids, [])
    assert.deepEqual(falls([agent('e'), agent('d')], { requestedBy: 'e', userId: 'b' }).ids, ['d'])
  })
})

describe('the MFA policy', () => {
  const table: [
    actor: string,
    account: Partial<AccountTarget>,
    tighten: Refusal | null,
    loosen: Refusal | null,
  ][] = [
    ['Admin', { relation: 'own' }, null, 'loosened-by-service-desk'],
    ['Admin', { relation: 'child' }, 'parents-only-look', 'parents-only-look'],
    ['Admin', { relation: 'elsewhere' }, 'unknown', 'unknown'],
    ['Admin', { relation: 'elsewhere', isPlatform: true }, 'unknown', 'unknown'],
    ['user', { relation: 'own' }, 'admins-only', 'admins-only'],
    ['user', { relation: 'child' }, 'unknown', 'unknown'],
    ['user', { relation: 'elsewhere' }, 'unknown', 'unknown'],
    ['Service Desk', { relation: 'elsewhere' }, null, null],
    ['Service Desk', { relation: 'elsewhere', suspended: true }, null, null],
    ['Service Desk', { relation: 'own', isPlatform: true }, 'platform-fixed', 'platform-fixed'],
    ['Operator', { relation: 'own', isPlatform: true }, 'admins-only', 'admins-only'],
    ['Operator', { relation: 'elsewhere' }, 'unknown', 'unknown'],
  ]
  for (const [actor, account, tighten, loosen] of table)
    test(`${actor} changes the policy of ${JSON.stringify(account)}: tighten ${tighten ?? 'yes'}, loosen ${loosen ?? 'yes'}`, () => {
      const target = { relation: 'own' as const, isPlatform: false, suspended: false, ...account }
      assert.equal(mayTightenPolicy(ACTORS[actor] ?? NOBODY_SPECIAL, target), tighten)
      assert.equal(mayLoosenPolicy(ACTORS[actor] ?? NOBODY_SPECIAL, target), loosen)
    })
})

describe('running client accounts', () => {
  test('over every actor and account only the Service Desk runs client accounts, and never the platform account', () => {
    for (const [name, actor] of Object.entries(ACTORS)) {
      assert.equal(mayCreateClient(actor), name === 'Service Desk' ? null : 'clients-by-service-desk')
      for (const relation of RELATIONS)
        for (const isPlatform of BOTH)
          for (const suspended of BOTH) {
            const account = { relation, isPlatform, suspended }
            const sees = name === 'Admin' ? relation !== 'elsewhere' : relation === 'own'
            const refused = sees ? 'clients-by-service-desk' : 'unknown'
            const expected = name !== 'Service Desk' ? refused : isPlatform ? 'platform-fixed' : null
            const why = JSON.stringify({ name, account })
            assert.equal(mayRenameClient(actor, account), expected, why)
            assert.equal(
              maySuspendClient(actor, account),
              expected ?? (suspended ? 'already-suspended' : null),
              why,
            )
            assert.equal(
              mayResumeClient(actor, account),
              expected ?? (suspended ? null : 'not-suspended'),
              why,
            )
          }
    }
  })
})

describe('applications', () => {
  test('over every actor only the Service Desk runs applications, and Admins see the list of their account', () => {
    for (const [name, actor] of Object.entries(ACTORS)) {
      const isAgent = name === 'Service Desk'
      assert.equal(mayRunApplications(actor), isAgent ? null : 'unknown', name)
      assert.equal(mayViewApplications(actor), isAgent || name === 'Admin' ? null : 'unknown', name)
      for (const disabled of BOTH) {
        const [open, shut] = disabled ? ['application-disabled', null] : [null, 'application-enabled']
        assert.equal(mayDisableApplication(actor, { disabled }), isAgent ? open : 'unknown', name)
        assert.equal(mayEnableApplication(actor, { disabled }), isAgent ? shut : 'unknown', name)
      }
    }
  })
})

describe('inviting', () => {
  // rows: actor; columns: own account, child account, elsewhere
  const table: Record<string, [Refusal | null, Refusal | null, Refusal | null]> = {
    user: ['admins-only', 'unknown', 'unknown'],
    Admin: [null, 'parents-only-look', 'unknown'],
    'Service Desk': [null, null, null],
    Operator: ['admins-only', 'unknown', 'unknown'],
  }
  for (const [name, row] of Object.entries(table))
    for (const [column, expected] of row.entries()) {
      const relation = RELATIONS[column] ?? 'own'
      test(`${name} invites into an account, ${relation}: ${expected ?? 'yes'}`, () => {
        const actor = ACTORS[name] ?? NOBODY_SPECIAL
        const account = { relation, isPlatform: false, suspended: false }
        assert.equal(mayInvite(actor, account), expected)
        assert.equal(mayInvite(actor, { ...account, suspended: true }), expected ?? 'account-suspended')
      })
    }
})

test('over every actor and target exactly those who may reset may also change, disable and invite again', () => {
  for (const actor of Object.values(ACTORS))
    for (const relation of RELATIONS)
      for (const id of ['actor', 'target'])
        for (const isAdmin of BOTH)
          for (const status of ['invited', 'active', 'disabled'] as const) {
            const target = { ...USER, id, relation, isAdmin, status }
            const refusal = mayAdminister(actor, target)
            const when = (fits: boolean, otherwise: Refusal) => refusal ?? (fits ? null : otherwise)
            const about = JSON.stringify({ actor, target })
            assert.equal(mayChangeProfile(actor, target), refusal, about)
            assert.equal(mayChangeRoleGroups(actor, target), refusal, about)
            assert.equal(mayDisable(actor, target), when(status !== 'disabled', 'already-disabled'), about)
            assert.equal(
              mayEndSessions(actor, target),
              when(status !== 'disabled', 'nowhere-signed-in'),
              about,
            )
            assert.equal(mayErase(actor, target), when(status === 'disabled', 'disable-first'), about)
            assert.equal(mayEnable(actor, target), when(status === 'disabled', 'not-disabled'), about)
            assert.equal(mayChangeInvitation(actor, target), when(status === 'invited', 'not-invited'), about)
            if (mayChangeInvitation(actor, target) === null)
              assert.equal(
                mayChangeInvitation(actor, { ...target, accountSuspended: true }),
                'account-suspended',
              )
          }
})

test('an actor gives and takes role groups up to their own rank, and only the Service Desk gives administration', () => {
  const group = { isAdmin: false, isServiceDesk: false, isOperator: false, rank: 20 }
  const { Admin, 'Service Desk': desk } = ACTORS
  assert.ok(Admin && desk)
  for (const actor of [Admin, desk]) {
    assert.equal(mayGrant(actor, group), null)
    assert.equal(mayGrant(actor, { ...group, rank: 100 }), null)
    assert.equal(mayGrant(actor, { ...group, rank: 101 }), 'above-own-rank')
  }
  for (const administers of ['isAdmin', 'isServiceDesk', 'isOperator']) {
    const roleGroup = { ...group, [administers]: true }
    assert.equal(mayGrant(Admin, roleGroup), 'granted-by-service-desk')
    assert.equal(mayGrant(desk, roleGroup), null)
  }
})

test('the queue dashboard is for operators and the Service Desk page for agents, and for others neither exists', () => {
  for (const [name, actor] of Object.entries(ACTORS)) {
    assert.equal(mayOperate(actor), name === 'Operator' ? null : 'unknown')
    assert.equal(mayUseServiceDesk(actor), name === 'Service Desk' ? null : 'unknown')
  }
})

test('an unrelated target is 404, a refused act is 403 and a finished one is 409', () => {
  assert.equal(REFUSALS.unknown.status, 404)
  for (const refusal of [
    'admins-only',
    'parents-only-look',
    'admins-by-service-desk',
    'not-oneself',
    'loosened-by-service-desk',
    'clients-by-service-desk',
    'platform-fixed',
    'granted-by-service-desk',
    'above-own-rank',
    'invited-or-promoted',
    'own-request',
    'about-oneself',
    'approved-by-others',
    'withdrawn-by-requester',
  ] as const)
    assert.equal(REFUSALS[refusal].status, 403)
  for (const refusal of [
    'nothing-to-reset',
    'not-locked',
    'already-suspended',
    'not-suspended',
    'already-disabled',
    'disable-first',
    'nowhere-signed-in',
    'not-disabled',
    'not-invited',
    'already-waiting',
    'already-decided',
    'approval-expired',
    'no-approver',
    'enable-first',
  ] as const)
    assert.equal(REFUSALS[refusal].status, 409)
})
