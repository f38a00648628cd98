// What the audit log says of an event, in a sentence.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventSentence } from '../../src/audit/event-sentence.ts'

test('who asked for a new password is nobody known, whether a mail went out or not', () => {
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
    'Somebody who was not signed in asked for a new password for Nina Kowalska.',
  )
  assert.equal(
    eventSentence({ ...asked, outcome: 'refused' }),
    'Somebody who was not signed in asked for a new password for Nina Kowalska. No mail was sent: the account is not active.',
  )
})

test('whoever ended one session did not end them all', () => {
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

test('an agent is named as one where nobody knows their name', () => {
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

test('whoever was overtaken by somebody else is not said to have done what is not theirs', () => {
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
    'Amara Okafor tried in vain to reset the MFA of Theo Marchetti.',
  )
  assert.equal(
    eventSentence({ ...refused, details: { refusal: 'parents-only-look' } }),
    'Amara Okafor was not allowed to reset the MFA of Theo Marchetti.',
  )
})
