// The rank test of the bench, against values computed by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rankTest } from './rank-test.ts'

const close = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-4, `${actual}`)

test('samples that do not overlap differ, and the one of larger values is named', () => {
  const low = Array.from({ length: 20 }, (_, i) => i)
  const high = low.map((value) => value + 100)

  assert.equal(rankTest(high, low).larger, 1)
  assert.equal(rankTest(low, high).larger, 0)
  assert.ok(rankTest(low, high).p < 1e-6)
})

test('a sample does not differ from itself, whatever ties it has', () => {
  for (const sample of [Array(30).fill(7), Array.from({ length: 30 }, (_, i) => i % 5)]) {
    assert.equal(rankTest(sample, sample).larger, 0.5)
    close(rankTest(sample, sample).p, 1)
  }
})

test('the probability is that of the normal approximation with continuity correction', () => {
  // U = 4, mean 12.5, deviation √(25·11/12) = 4.7871, z = 8/4.7871 = 1.6711.
  close(rankTest([1, 2, 4, 5, 7], [3, 6, 8, 9, 10]).p, 0.0947)
  // With ties: U = 2, deviation √(25/12·(11 − 18/90)) = 4.7434, z = 10/4.7434 = 2.1082.
  close(rankTest([1, 2, 2, 3, 5], [3, 5, 6, 7, 8]).p, 0.035)
})
