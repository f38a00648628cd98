// The one clock: the database's time, carried on by a clock that never steps.
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { ClockUnknownError, DatabaseClock } from '../../../src/platform/time/clock.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../../src/platform/time/durations.ts'

const START = Date.parse('2026-03-02T09:00:00Z')

/** A machine and a database, whose clocks the test sets. */
class World {
  /** The database's time. */
  database = START
  monotonic = 5_000
  /** Of the process's host; skewed by a minute. */
  system = START + MINUTE
  /** How long each question to the database takes: there and back. */
  trips: { there: number; back: number }[] = []
  away = false
  readonly clock = new DatabaseClock({
    database: async () => {
      if (this.away) throw new Error('the database is away')
      const { there, back } = this.trips.shift() ?? { there: 0, back: 0 }
      this.pass(there)
      const answer = this.database
      this.pass(back)
      return answer
    },
    monotonic: () => this.monotonic,
    system: () => this.system,
  })

  /** Time passes for all. `drift`: how much faster the machine's clocks go. */
  pass(ms: number, drift = 0): void {
    this.database += ms
    this.monotonic += ms * (1 + drift)
    this.system += ms * (1 + drift)
  }

  /** How far the clock is ahead of the database, in milliseconds. */
  get errorMs(): number {
    return this.clock.now().getTime() - this.database
  }
}

describe('the corrected clock', () => {
  let world: World
  beforeEach(() => {
    world = new World()
  })

  test('the clock tells the time of the database, however skewed the host is', async () => {
    world.system += 3 * DAY
    await world.clock.measure()
    world.pass(17 * SECOND)

    assert.equal(world.errorMs, 0)
  })

  test('the clock tells no time before the database has told its own', async () => {
    assert.throws(() => world.clock.now(), ClockUnknownError)
    world.away = true
    await assert.rejects(world.clock.measure(), /the database is away/)

    assert.throws(() => world.clock.now(), ClockUnknownError)
    assert.ok(world.clock.isDue())
  })

  for (const step of [HOUR, -HOUR])
    test(`a step of the system clock by ${step / HOUR} h changes nothing`, async () => {
      await world.clock.measure()
      world.system += step
      assert.equal(world.errorMs, 0)
      world.pass(30 * SECOND)
      assert.equal(world.errorMs, 0)

      await world.clock.measure()
      world.pass(30 * SECOND)
      assert.equal(world.errorMs, 0)
    })

  test('drift is corrected at the next measurement, which is due after a minute', async () => {
    await world.clock.measure()
    world.pass(59 * SECOND, 0.001)
    assert.ok(!world.clock.isDue())
    world.pass(SECOND, 0.001)
    assert.ok(world.clock.isDue())
    assert.equal(Math.round(world.errorMs), 60)

    await world.clock.measure()

    assert.ok(!world.clock.isDue())
    world.pass(SECOND)
    assert.equal(Math.round(world.errorMs), 0)
  })

  test('a small correction never turns time back, and the clock waits for the database', async () => {
    await world.clock.measure()
    world.pass(MINUTE, 0.01)
    const before = world.clock.now()
    assert.equal(before.getTime() - world.database, 600)

    await world.clock.measure()

    assert.deepEqual(world.clock.now(), before)
    world.pass(599)
    assert.deepEqual(world.clock.now(), before)
    world.pass(2)
    assert.equal(world.errorMs, 0)
  })

  test('a database that was set back is followed, so that locks do not last longer', async () => {
    await world.clock.measure()
    world.clock.now()
    world.database -= HOUR
    await world.clock.measure()

    assert.equal(world.errorMs, 0)
  })

  test('of several samples the one with the shortest round trip counts', async () => {
    world.trips = [
      { there: 400, back: 0 },
      { there: 1, back: 1 },
      { there: 0, back: 300 },
    ]

    await world.clock.measure()

    assert.equal(world.errorMs, 0)
  })

  test('a measurement with only long round trips is refused, and the last one is kept', async () => {
    await world.clock.measure()
    world.trips = Array(3).fill({ there: 1_200, back: 0 })

    await assert.rejects(world.clock.measure(), /took 1200 ms/)
    assert.equal(world.errorMs, 0)
    world.away = true
    await assert.rejects(world.clock.measure())
    world.pass(10 * MINUTE)
    assert.equal(world.errorMs, 0)
  })

  test('after a sleep of the machine the clock is measured again immediately', async () => {
    await world.clock.measure()
    world.database += 8 * HOUR
    world.system += 8 * HOUR
    assert.ok(world.clock.isDue())

    await world.clock.measure()

    assert.equal(world.errorMs, 0)
    assert.ok(!world.clock.isDue())
  })
})
