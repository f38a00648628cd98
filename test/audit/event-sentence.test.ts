// What the audit log says of an event, in a sentence.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventSentence } from '../../src/audit/event-sentence.ts'

test('who asked for a new password is nobody known, whether a mail went out or not', () => {
  const asked = {
    action: 'password.reset-requested',
    actorId: null,
    actorName: null,
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
