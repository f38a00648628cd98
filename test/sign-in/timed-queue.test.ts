// A queue that refuses by waiting time. Its clock is the test's.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TimedQueue } from '../../src/sign-in/timed-queue.ts'

const SECOND = 1000
/** A quarter of it may be expected to be spent waiting, and half of it may be. */
const LIMIT_MS = 4 * SECOND

/** A queue with work that ends when the test says so. */
function queueOf(atOnce: number) {
  let now = 0
  const queue = new TimedQueue(atOnce, () => now)
  const ends: (() => void)[] = []
  const begun: string[] = []
  return {
    queue,
    begun,
    run: (name: string) =>
      queue.run(LIMIT_MS, () => {
        begun.push(name)
        return new Promise<string>((resolve) => ends.push(() => resolve(name)))
      }),
    /** The oldest work ends, `ms` later. */
    async end(ms: number) {
      await settle()
      now += ms
      ends.shift()?.()
      await settle()
    },
  }
}

test('work is done in the order of its arrival, with as many at once as there are places', async () => {
  const { run, end, begun } = queueOf(2)
  const all = ['a', 'b', 'c'].map((name) => run(name))
  await settle()
  assert.deepEqual(begun, ['a', 'b'])
  await end(0)
  assert.deepEqual(begun, ['a', 'b', 'c'])
  await end(0)
  await end(0)

  assert.deepEqual(await Promise.all(all), [{ result: 'a' }, { result: 'b' }, { result: 'c' }])
})

test('work that would wait for more than a quarter of its time is refused without being begun', async () => {
  const { run, end, begun, queue } = queueOf(1)
  // It learns that a piece of work takes 400 ms.
  for (let round = 0; round < 50; round += 1) {
    const done = run('measured')
    await end(400)
    await done
  }
  begun.length = 0
  const accepted = [run('first'), run('second'), run('third')]

  assert.ok(!queue.hasRoom(LIMIT_MS))
  assert.equal(await run('fourth'), null)

  for (let round = 0; round < 3; round += 1) await end(400)
  await Promise.all(accepted)
  assert.deepEqual(begun, ['first', 'second', 'third'])
})

test('work that fails or ends before it did what is measured does not make the queue look fast', async () => {
  const { run, end, queue } = queueOf(1)
  for (let round = 0; round < 50; round += 1) {
    const done = run('measured')
    await end(400)
    await done
  }

  for (let round = 0; round < 50; round += 1)
    await queue.run(
      LIMIT_MS,
      async () => 'refused at once',
      () => false,
    )

  const accepted = [run('first'), run('second'), run('third')]
  assert.equal(await run('fourth'), null)
  for (let round = 0; round < 3; round += 1) await end(400)
  await Promise.all(accepted)
})

test('the same amount of work is accepted where it takes less time', async () => {
  const { run, end, begun } = queueOf(1)
  for (let round = 0; round < 50; round += 1) {
    const done = run('measured')
    await end(10)
    await done
  }
  begun.length = 0
  const accepted = ['first', 'second', 'third', 'fourth'].map((name) => run(name))

  for (let round = 0; round < 4; round += 1) await end(10)

  assert.ok((await Promise.all(accepted)).every((done) => done !== null))
})

test('work that has waited for more than half of its time is not begun', async () => {
  const { run, end, begun } = queueOf(1)
  const slow = run('slow')
  const waits = run('waits')

  await end(5 * SECOND)

  assert.deepEqual(await slow, { result: 'slow' })
  assert.equal(await waits, null)
  assert.deepEqual(begun, ['slow'])
})

test('where work takes longer than allowed one piece at a time is tried, and more once it is fast again', async () => {
  const { run, end } = queueOf(4)
  const slow = run('slow')
  await end(100 * SECOND)
  await slow

  const tried = run('tried')
  const refused = run('refused')
  for (let round = 0; round < 40; round += 1) await end(1)
  await tried
  for (let round = 0; round < 40; round += 1) {
    const fast = run('fast')
    await end(1)
    await fast
  }
  const accepted = [run('one'), run('another')]
  for (let round = 0; round < 2; round += 1) await end(1)

  assert.equal(await refused, null)
  assert.ok((await Promise.all(accepted)).every((done) => done !== null))
})

test('failing work frees its place for the next', async () => {
  const queue = new TimedQueue(1)
  const failure = new Error('failed')

  await assert.rejects(
    queue.run(LIMIT_MS, () => Promise.reject(failure)),
    failure,
  )

  assert.deepEqual(await queue.run(LIMIT_MS, async () => 'next'), { result: 'next' })
})

/** Lets everything happen that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}
