// An application that answers slowly is asked once at a time; others are not affected.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import { NotToldError } from '../../src/applications/post-logout-token.ts'
import { SlowCalls } from '../../src/applications/slow-calls.ts'

/** A call that ends when it is told to. */
function openCall() {
  let end = () => {}
  const call = () =>
    new Promise<void>((resolve) => {
      end = resolve
    })
  return { call, end: () => end() }
}

test('an application that answers in time is asked as often as there are places', async () => {
  const calls = new SlowCalls(60_000)
  const open = [openCall(), openCall(), openCall()]

  const made = open.map(({ call }) => calls.make('a', call))
  for (const { end } of open) end()

  await Promise.all(made)
})

test('while a call hangs the application is not asked again, and another one is', async () => {
  const calls = new SlowCalls(0)
  const hanging = openCall()
  const made = calls.make('a', hanging.call)
  await soon()

  await assert.rejects(
    calls.make('a', async () => assert.fail('asked')),
    NotToldError,
  )
  let asked = false
  await calls.make('b', async () => {
    asked = true
  })

  assert.ok(asked)
  hanging.end()
  await made
})

test('after a slow failure one call at a time is made, until one is fast', async () => {
  const calls = new SlowCalls(20)
  const slow = async () => {
    for (const since = performance.now(); performance.now() - since < 40; ) await soon()
  }
  await assert.rejects(
    calls.make('a', async () => {
      await slow()
      throw new NotToldError('did not answer')
    }),
  )
  const [first, second, third] = [openCall(), openCall(), openCall()]

  const probe = calls.make('a', first.call)
  await assert.rejects(calls.make('a', second.call), NotToldError)
  first.end()
  await probe

  const both = [calls.make('a', second.call), calls.make('a', third.call)]
  second.end()
  third.end()
  await Promise.all(both)
})
