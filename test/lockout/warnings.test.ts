// When failed attempts are told by mail: the rules alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBurst, locksAreRepeated, warnsAtOnce } from '../../src/lockout/warnings.ts'

test('the second wrong code in a row warns the user, and the first does not', () => {
  assert.deepEqual([1, 2, 3, 100].map(warnsAtOnce), [false, true, true, true])
})

test('locks are repeated from the third on', () => {
  assert.deepEqual([0, 1, 2, 3, 4].map(locksAreRepeated), [false, false, false, true, true])
})

test('a burst is five people, in larger accounts one in fifty, and a hundred in the largest', () => {
  const cases: [active: number, failing: number][] = [
    [1, 5],
    [5, 5],
    [250, 5],
    [251, 6],
    [1_000, 20],
    [5_000, 100],
    [100_000, 100],
  ]
  for (const [active, failing] of cases) {
    assert.equal(isBurst({ failing, active }), true, `${failing} of ${active}`)
    assert.equal(isBurst({ failing: failing - 1, active }), false, `${failing - 1} of ${active}`)
  }
})
