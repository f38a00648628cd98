// The one status of a row, and how long ago something was: as tables.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY, HOUR, MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { relativeText } from '../../src/platform/time/relative-text.ts'
import { combinedStatus, type StatusFacts } from '../../src/users/combined-status.ts'

const NOW = new Date('2026-11-30T12:00:00Z')
const later = (ms: number) => new Date(NOW.getTime() + ms)
const ACTIVE: StatusFacts = {
  status: 'active',
  lockedUntil: null,
  invitation: null,
  enrolled: false,
  authenticatorDisabled: false,
  mfaRequired: false,
}
const ENROLLED: StatusFacts = { ...ACTIVE, enrolled: true }
const invited = (expiresInMs: number, usedAt: Date | null = null): StatusFacts => ({
  ...ACTIVE,
  status: 'invited',
  invitation: { expiresAt: later(expiresInMs), usedAt },
})

const STATUSES: [StatusFacts, string, 'good' | 'bad' | 'plain'][] = [
  [ENROLLED, 'Enrolled', 'good'],
  [{ ...ENROLLED, mfaRequired: true }, 'Enrolled', 'good'],
  [{ ...ACTIVE, mfaRequired: true }, 'Overdue', 'bad'],
  [ACTIVE, 'Not enrolled', 'plain'],
  [{ ...ENROLLED, authenticatorDisabled: true }, 'Needs a reset', 'bad'],
  [invited(6 * DAY), 'Invited, 6 days left', 'plain'],
  [invited(5 * DAY + 1), 'Invited, 6 days left', 'plain'],
  [invited(DAY), 'Invited, 24 hours left', 'plain'],
  [invited(HOUR), 'Invited, 1 hour left', 'plain'],
  [invited(1), 'Invited, 1 hour left', 'plain'],
  [invited(0), 'Invitation expired', 'bad'],
  [invited(DAY, NOW), 'Invited, setting up', 'plain'],
  [invited(-DAY, NOW), 'Invited, setting up', 'plain'],
  [{ ...ACTIVE, status: 'invited' }, 'Not invited yet', 'bad'],
  [{ ...ENROLLED, lockedUntil: later(12 * MINUTE) }, 'Locked 12 min', 'bad'],
  [{ ...ENROLLED, lockedUntil: later(11 * MINUTE + 1) }, 'Locked 12 min', 'bad'],
  [{ ...ENROLLED, lockedUntil: later(24 * HOUR) }, 'Locked 24 h', 'bad'],
  [{ ...ENROLLED, lockedUntil: NOW }, 'Enrolled', 'good'],
  [{ ...invited(DAY), lockedUntil: later(MINUTE) }, 'Locked 1 min', 'bad'],
  [{ ...ENROLLED, status: 'disabled', lockedUntil: later(HOUR) }, 'Disabled', 'plain'],
]

for (const [index, [facts, text, tone]] of STATUSES.entries())
  test(`a user in case ${index + 1} of the table is '${text}'`, () => {
    assert.deepEqual(combinedStatus(facts, NOW), { text, tone })
  })

const AGES: [number, string][] = [
  [-SECOND, 'just now'],
  [59 * SECOND, 'just now'],
  [MINUTE, '1 minute ago'],
  [59 * MINUTE, '59 minutes ago'],
  [HOUR, '1 hour ago'],
  [DAY - 1, '23 hours ago'],
  [DAY, '1 day ago'],
  [3 * DAY + HOUR, '3 days ago'],
  [30 * DAY, '1 month ago'],
  [800 * DAY, '2 years ago'],
]

for (const [ageMs, text] of AGES)
  test(`an instant ${ageMs / SECOND} seconds ago is '${text}'`, () => {
    assert.equal(relativeText(later(-ageMs), NOW), text)
  })
