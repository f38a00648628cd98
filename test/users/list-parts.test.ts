// The parts of a list sorted by status, beside the status that its rows show.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MINUTE } from '../../src/platform/time/durations.ts'
import { combinedStatus, type StatusFacts } from '../../src/users/combined-status.ts'
import { partsOf } from '../../src/users/list-parts.ts'
import { readUserFilters } from '../../src/users/user-filters.ts'

const NOW = new Date('2026-11-30T12:00:00Z')
/** What rows show, in the order of the list. 'Needs a reset' stands among the enrolled. */
const ORDER = [
  ['Locked 1 min'],
  ['Overdue'],
  ['Not invited yet'],
  ['Enrolled', 'Needs a reset'],
  ['Not enrolled'],
  ['Disabled'],
]
const BOTH = [true, false]

const CASES: StatusFacts[] = (['invited', 'active', 'disabled'] as const).flatMap((status) =>
  BOTH.flatMap((enrolled) =>
    BOTH.flatMap((mfaRequired) =>
      BOTH.flatMap((authenticatorDisabled) =>
        [new Date(NOW.getTime() + MINUTE), NOW, null].map((lockedUntil) => ({
          ...{ status, enrolled, mfaRequired, lockedUntil, invitation: null },
          authenticatorDisabled: enrolled && authenticatorDisabled,
        })),
      ),
    ),
  ),
)

test('a list sorted by status has one part for each user, the part of the status that the row shows', () => {
  const { filters } = readUserFilters({ sort: 'status' })
  assert.ok(filters)
  const parts = partsOf(filters)
  assert.equal(parts.length, ORDER.length)

  for (const facts of CASES) {
    const { text } = combinedStatus(facts, NOW)
    const locked = facts.status !== 'disabled' && facts.lockedUntil !== null && facts.lockedUntil > NOW

    const held = parts.flatMap(({ holds }, index) =>
      holds({ ...facts, locked, begins: false }) ? [index] : [],
    )

    assert.deepEqual(
      held,
      [ORDER.findIndex((texts) => texts.includes(text))],
      JSON.stringify({ ...facts, text }),
    )
  }
})

test('a list of locked users sorted by status has no part of its own for the lock', () => {
  const { filters } = readUserFilters({ sort: 'status', locked: 'yes' })
  assert.ok(filters)
  const parts = partsOf(filters)

  for (const facts of CASES) {
    const { text } = combinedStatus({ ...facts, lockedUntil: null }, NOW)

    const held = parts.flatMap(({ holds }, index) =>
      holds({ ...facts, locked: true, begins: false }) ? [index + 1] : [],
    )

    assert.deepEqual(
      held,
      [ORDER.findIndex((texts) => texts.includes(text))],
      JSON.stringify({ ...facts, text }),
    )
  }
})
