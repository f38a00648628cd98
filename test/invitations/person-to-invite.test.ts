// What a name and an address may be: people's names as they write them, and nothing that a mail program makes a link of.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readEmail, readName } from '../../src/invitations/person-to-invite.ts'

test('names are taken as people write them', () => {
  for (const name of [
    'J.R.R. Tolkien',
    'A.Khan',
    'Dr. Zoë Müller-Øst',
    'Ravi s/o Muthu',
    'Seán O’Brien',
    '張 偉',
    'नेहा',
    '🦊',
  ])
    assert.deepEqual(readName(name), { name })
})

test('an invisible name is no name', () => {
  for (const name of ['', ' ', '\u00ad', '\u115f', '\u200b', '\u200d', '\u2060', '\u2800', '\u3164'])
    assert.deepEqual(readName(name), { problem: 'no-name' }, JSON.stringify(name))
})

test('a name cannot carry an address that mails would turn into a link', () => {
  for (const name of [
    'Payroll: confirm your bank details at https://evil.example/x now',
    'Your bonus waits at evil.example',
    'Ihr Bonus: müller.example',
    'See t.co/x',
    'See //evil/x',
    'Write to ann@evil',
    'WWW.evil',
  ])
    assert.deepEqual(readName(name), { problem: 'link' }, name)
})

test('an address with a character outside ASCII is refused by name, even one that folds to a plain letter', () => {
  for (const email of [
    'des\u212a@company.example',
    'ann@compan\u0443.example',
    'zo\u00eb@company.example',
    'ann@\u017fite.example',
  ])
    assert.deepEqual(readEmail(email), { problem: 'not-ascii' }, email)
})

test('no user can have an address in the domain of withdrawn users', () => {
  assert.deepEqual(readEmail('Ann@Company.example'), { email: 'ann@company.example' })
  for (const email of ['0196f0c0-0000-7000-8000-000000000000@withdrawn.invalid', 'ann@Company.INVALID'])
    assert.deepEqual(readEmail(email), { problem: 'bad-address' })
})
