// What the audit log says of an event, in a sentence.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventSentence } from '../../src/audit-log/event-sentence.ts'
import { eventView } from '../../src/audit-log/event-view.ts'
import { AUDIT_ACTIONS, OUTCOMES } from '../../src/platform/audit/actions.ts'

test('the requester of a new password is unknown, whether a mail went out or not', () => {
  const asked = {
    action: 'password.reset-requested',
    actorId: null,
    actorName: null,
    byServiceDesk: false,
    subjectId: 'an id',
    subjectName: 'Nina Kowalska',
    details: {},
  }

  assert.equal(
    eventSentence({ ...asked, outcome: 'success' }),
    'A visitor who was not signed in asked for a new password for Nina Kowalska.',
  )
  assert.equal(
    eventSentence({ ...asked, outcome: 'refused' }),
    'A visitor who was not signed in asked for a new password for Nina Kowalska. No mail was sent: the account is not active.',
  )
})

test('the sentence about one ended session does not say that all ended', () => {
  const ended = {
    action: 'session.ended',
    outcome: 'success' as const,
    actorId: 'an id',
    actorName: 'Nina Kowalska',
    byServiceDesk: false,
    subjectId: 'an id',
    subjectName: 'Nina Kowalska',
  }

  assert.equal(
    eventSentence({ ...ended, details: { ended: 'one' } }),
    'Nina Kowalska ended one of their sessions.',
  )
  assert.equal(
    eventSentence({ ...ended, details: { ended: 'all others' } }),
    'Nina Kowalska ended their other sessions.',
  )
})

test('an agent whose name is hidden is called an agent', () => {
  const reset = {
    action: 'mfa-reset.requested',
    outcome: 'success' as const,
    actorId: 'an id',
    actorName: 'Daniel Achterberg',
    subjectId: 'another id',
    subjectName: 'Amara Okafor',
    details: {},
  }

  assert.equal(
    eventSentence({ ...reset, byServiceDesk: true }),
    'Daniel Achterberg of the Service Desk reset the MFA of Amara Okafor.',
  )
  assert.equal(
    eventSentence({ ...reset, byServiceDesk: false }),
    'Daniel Achterberg reset the MFA of Amara Okafor.',
  )
})

test('a person who was overtaken by another is not said to have done the other’s act', () => {
  const refused = {
    action: 'mfa-reset.requested',
    outcome: 'refused' as const,
    actorId: 'an id',
    actorName: 'Amara Okafor',
    byServiceDesk: false,
    subjectId: 'another id',
    subjectName: 'Theo Marchetti',
  }

  assert.equal(
    eventSentence({ ...refused, details: { refusal: 'nothing-to-reset' } }),
    'Amara Okafor could not reset the MFA of Theo Marchetti.',
  )
  assert.equal(
    eventSentence({ ...refused, details: { refusal: 'parents-only-look' } }),
    'Amara Okafor was not allowed to reset the MFA of Theo Marchetti.',
  )
})

test('a case names the future administrator, even one who is not a user yet', () => {
  const approved = {
    action: 'approval.approved',
    actorId: 'an id',
    actorName: 'Deepa Raman',
    byServiceDesk: true,
  }
  const about = { outcome: 'success' as const, subjectId: 'another id', subjectName: 'Theo Marchetti' }

  assert.equal(
    eventSentence({ ...approved, ...about, details: {} }),
    'Deepa Raman of the Service Desk approved that Theo Marchetti becomes an administrator.',
  )
  assert.equal(
    eventSentence({
      ...approved,
      action: 'approval.requested',
      outcome: 'success',
      subjectId: null,
      subjectName: null,
      inviteeName: 'Nina Kowalska',
      details: {},
    }),
    'Deepa Raman of the Service Desk asked for a second agent’s approval to make Nina Kowalska an administrator.',
  )
})

test('every outcome of a case has its own sentence', () => {
  const facts = {
    actorId: 'an id',
    actorName: 'Deepa Raman',
    byServiceDesk: false,
    subjectId: 'another id',
    subjectName: 'Theo Marchetti',
    details: {},
  }
  for (const [action, outcome] of [
    ['approval.requested', 'success'],
    ['approval.approved', 'success'],
    ['approval.approved', 'refused'],
    ['approval.refused', 'success'],
    ['approval.refused', 'refused'],
    ['approval.withdrawn', 'success'],
    ['approval.withdrawn', 'refused'],
    ['approval.expired', 'success'],
    ['approval.closed', 'failure'],
  ] as const)
    assert.doesNotMatch(eventSentence({ ...facts, action, outcome }), /^Approval\./, `${action} ${outcome}`)
})

const AMARA = {
  outcome: 'success' as const,
  actorId: 'an id',
  actorName: 'Amara Okafor',
  byServiceDesk: false,
  subjectId: 'another id',
  subjectName: 'Theo Marchetti',
}

const UNKNOWN_ORIGIN = {
  id: 'an id',
  at: new Date(0),
  address: null,
  userAgent: null,
  requestId: null,
  approverName: null,
  actorEmail: null,
  subjectEmail: null,
  subjectClientId: null,
  clientName: null,
}

test('the sentence about a policy names the role groups', () => {
  const said = (details: Record<string, unknown>) =>
    eventSentence({ ...AMARA, action: 'mfa-policy.changed', details })

  assert.equal(
    said({ added: ['tech-operator', 'finance-admin'], removed: [] }),
    'Amara Okafor required MFA of Tech Operator, Finance Admin.',
  )
  assert.equal(said({ added: [], removed: ['admin'] }), 'Amara Okafor stopped requiring MFA of Admin.')
  assert.equal(
    said({ added: ['tech-admin'], removed: ['admin'] }),
    'Amara Okafor required MFA of Tech Admin and stopped requiring it of Admin.',
  )
  assert.equal(said({}), 'Amara Okafor changed the MFA policy.')
})

test('the sentence about role groups says which were given and taken', () => {
  const said = (details: Record<string, unknown>) =>
    eventSentence({ ...AMARA, action: 'user.role-groups-changed', details })

  assert.equal(said({ given: 'Tech Admin', taken: '' }), 'Amara Okafor gave Theo Marchetti Tech Admin.')
  assert.equal(said({ given: '', taken: 'Tech Admin' }), 'Amara Okafor took Tech Admin from Theo Marchetti.')
  assert.equal(
    said({ given: 'Finance Admin', taken: 'Tech Admin' }),
    'Amara Okafor gave Theo Marchetti Finance Admin and took Tech Admin away.',
  )
})

test('the sentence about a new name of an account says both names', () => {
  assert.equal(
    eventSentence({ ...AMARA, action: 'client.renamed', details: { from: 'Harbour', to: 'Harbour Group' } }),
    'Amara Okafor renamed this account from Harbour to Harbour Group.',
  )
})

test('a file that was checked is not said to be a refused invitation', () => {
  const checked = { ...AMARA, action: 'invitation.sent', subjectId: null, subjectName: null }

  assert.equal(
    eventSentence({ ...checked, outcome: 'refused', details: { refusal: 'rank', lines: 3 } }),
    'Amara Okafor checked a file of people to invite. The role groups are not allowed in 3 lines.',
  )
  assert.equal(
    eventSentence({ ...checked, outcome: 'failure', details: { problem: 'address-taken', lines: 1 } }),
    'Amara Okafor checked a file of people to invite. An account has the address already in one line.',
  )
})

test('a detail that looks like an instant, a refusal or a list is shown as it is', () => {
  const hostile = ['2026-99-99T99:99Z', '2026-01-01T00:00Z', 'constructor', '__proto__', '']
  for (const action of AUDIT_ACTIONS)
    for (const outcome of OUTCOMES)
      for (const text of hostile) {
        const keys = [
          'asked',
          'reason',
          'until',
          'lockedUntil',
          'refusal',
          'added',
          'given',
          'from',
          'lines',
          'name',
        ]
        const details = Object.fromEntries(keys.map((key) => [key, text]))
        const { sentence, facts } = eventView({ ...AMARA, ...UNKNOWN_ORIGIN, action, outcome, details })
        assert.equal(typeof sentence, 'string')
        assert.ok(text === '' || facts.some(({ name, value }) => name === 'Asked' && value === text))
      }
})
