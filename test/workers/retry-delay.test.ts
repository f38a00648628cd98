import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HOUR, SECOND } from '../../src/platform/time/durations.ts'
import { retryDelay } from '../../workers/retry-delay.ts'

describe('the rest after a failure', () => {
  test('the retry delay doubles from a second up to five minutes, with up to a quarter less by chance', () => {
    const longest = Array.from({ length: 12 }, (_, i) => retryDelay(i + 1, () => 0) / SECOND)

    assert.deepEqual(longest, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
    assert.equal(
      retryDelay(12, () => 1),
      225 * SECOND,
    )
  })

  test('30 attempts outlive an hour of a dead mail server', () => {
    const shortest = Array.from({ length: 29 }, (_, i) => retryDelay(i + 1, () => 1))

    assert.ok(shortest.reduce((sum, ms) => sum + ms) > HOUR)
  })
})
