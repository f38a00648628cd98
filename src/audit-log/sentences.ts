// What each kind of audit event says. Pure.
import type { AuditAction } from '../platform/audit/actions.ts'
import { ACCOUNT_SENTENCES } from './account-sentences.ts'
import { APPLICATION_SENTENCES } from './application-sentences.ts'
import type { Sentences } from './event-names.ts'
import { OPERATION_SENTENCES } from './operation-sentences.ts'
import { PEOPLE_SENTENCES } from './people-sentences.ts'
import { SIGN_IN_SENTENCES } from './sign-in-sentences.ts'

export const SENTENCES: Record<AuditAction, Sentences> = {
  ...SIGN_IN_SENTENCES,
  ...PEOPLE_SENTENCES,
  ...ACCOUNT_SENTENCES,
  ...APPLICATION_SENTENCES,
  ...OPERATION_SENTENCES,
}
