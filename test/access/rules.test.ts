// The permission table of the design, row by row and exhaustively.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { REFUSALS, type Refusal } from '../../src/access/refusals.ts'
import {
  type AccountTarget,
  type Actor,
  mayAdminister,
  mayChangeInvitation,
  mayChangeRoleGroups,
  mayCreateClient,
  mayDisable,
  mayEnable,
  mayGrant,
  mayInvite,
  mayLoosenPolicy,
  mayOperate,
  mayRenameClient,
  mayResetMfa,
  mayResumeClient,
  maySuspendClient,
  mayTightenPolicy,
  mayUnlock,
  mayUseServiceDesk,
  mayViewAccount,
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
      test(`${name}, ${relation}: ${expected ?? 'yes'}`, () => {
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
    test(`${actor}, ${relation}, ${JSON.stringify(target)}: ${expected ?? 'yes'}`, () => {
      assert.equal(mayResetMfa(ACTORS[actor] ?? NOBODY_SPECIAL, { ...USER, relation, ...target }), expected)
    })
})

test('over every actor and target: who may reset is exactly who the specification names', () => {
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
    test(`${actor}, ${JSON.stringify(account)}: tighten ${tighten ?? 'yes'}, loosen ${loosen ?? 'yes'}`, () => {
      const target = { relation: 'own' as const, isPlatform: false, suspended: false, ...account }
      assert.equal(mayTightenPolicy(ACTORS[actor] ?? NOBODY_SPECIAL, target), tighten)
      assert.equal(mayLoosenPolicy(ACTORS[actor] ?? NOBODY_SPECIAL, target), loosen)
    })
})

describe('running client accounts', () => {
  test('is for the Service Desk, on any account but the platform’s; over every actor and account', () => {
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
      test(`${name}, ${relation}: ${expected ?? 'yes'}`, () => {
        const actor = ACTORS[name] ?? NOBODY_SPECIAL
        const account = { relation, isPlatform: false, suspended: false }
        assert.equal(mayInvite(actor, account), expected)
        assert.equal(mayInvite(actor, { ...account, suspended: true }), expected ?? 'account-suspended')
      })
    }
})

test('over every actor and target: who changes, disables and invites again is who may reset, if there is something to do', () => {
  for (const actor of Object.values(ACTORS))
    for (const relation of RELATIONS)
      for (const id of ['actor', 'target'])
        for (const isAdmin of BOTH)
          for (const status of ['invited', 'active', 'disabled'] as const) {
            const target = { ...USER, id, relation, isAdmin, status }
            const refusal = mayAdminister(actor, target)
            const when = (fits: boolean, otherwise: Refusal) => refusal ?? (fits ? null : otherwise)
            const about = JSON.stringify({ actor, target })
            assert.equal(mayChangeRoleGroups(actor, target), refusal, about)
            assert.equal(mayDisable(actor, target), when(status !== 'disabled', 'already-disabled'), about)
            assert.equal(mayEnable(actor, target), when(status === 'disabled', 'not-disabled'), about)
            assert.equal(mayChangeInvitation(actor, target), when(status === 'invited', 'not-invited'), about)
            if (mayChangeInvitation(actor, target) === null)
              assert.equal(
                mayChangeInvitation(actor, { ...target, accountSuspended: true }),
                'account-suspended',
              )
          }
})

test('one gives and takes role groups up to one’s own rank; what administers, only the Service Desk', () => {
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

test('the queue dashboard is for operators, the Service Desk page for agents; to others both do not exist', () => {
  for (const [name, actor] of Object.entries(ACTORS)) {
    assert.equal(mayOperate(actor), name === 'Operator' ? null : 'unknown')
    assert.equal(mayUseServiceDesk(actor), name === 'Service Desk' ? null : 'unknown')
  }
})

test('what is none of one’s business is 404, what is refused 403, what is over 409', () => {
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
  ] as const)
    assert.equal(REFUSALS[refusal].status, 403)
  for (const refusal of [
    'nothing-to-reset',
    'not-locked',
    'already-suspended',
    'not-suspended',
    'already-disabled',
    'not-disabled',
    'not-invited',
  ] as const)
    assert.equal(REFUSALS[refusal].status, 409)
})
