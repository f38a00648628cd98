import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Admission, type EntryRefusal, mayEnter } from '../../src/applications/may-enter.ts'

const open: Admission = {
  disabled: false,
  clientAdmitted: true,
  roleGroups: ['admin', 'finance'],
  requiresMfa: false,
}
const finance = { roleGroups: [{ key: 'finance' }], codeProven: false }

const CASES: [title: string, refusal: EntryRefusal | null, Partial<Admission>, Partial<typeof finance>][] = [
  ['a person of an admitted account and role group may enter', null, {}, {}],
  [
    'one admitted role group among several is enough',
    null,
    {},
    { roleGroups: [{ key: 'tech' }, { key: 'finance' }] },
  ],
  ['a disabled application admits no person', 'disabled', { disabled: true }, {}],
  ['a person of another client account may not enter', 'client', { clientAdmitted: false }, {}],
  ['a person of another role group may not enter', 'role-group', {}, { roleGroups: [{ key: 'tech' }] }],
  ['a person without a role group may not enter', 'role-group', {}, { roleGroups: [] }],
  ['an application without role groups admits no person', 'role-group', { roleGroups: [] }, {}],
  ['an application that demands MFA admits no password alone', 'mfa', { requiresMfa: true }, {}],
  [
    'an application that demands MFA admits a verified code',
    null,
    { requiresMfa: true },
    { codeProven: true },
  ],
  ['a role group is asked before MFA', 'role-group', { requiresMfa: true, roleGroups: [] }, {}],
]

for (const [title, refusal, application, visitor] of CASES)
  test(title, () => assert.equal(mayEnter({ ...finance, ...visitor }, { ...open, ...application }), refusal))
