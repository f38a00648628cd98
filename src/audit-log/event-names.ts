// The parts of the sentences of audit events. Pure.
import type { AuditAction, EventOutcome } from '../platform/audit/actions.ts'

/** The parts of a sentence that depend on the event. */
export interface Names {
  actor: string
  subject: string
  /** What a case asks for, as 'to …' and as 'that …'. */
  request: string
  requested: string
  kind: string
  where: string
  endedWith: string
  sessions: string
  browsers: string
  mayNot: string
  application: string
  /** What was done to the policy, the role groups or the name, as a predicate. */
  requirement: string
  /** The role groups whose requirement began. */
  begun: string
  roleGroups: string
  renamed: string
  /** Who was reminded, and of what. */
  reminded: string
  /** Lines of a file of people to invite; empty for a single invitation. */
  lines: string
  /** Why a person with the right password may not come in; '' if passwords were locked. */
  shutOut: string
}

export type Sentences = Partial<Record<EventOutcome, (names: Names) => string>>

export type SentencesOf = Partial<Record<AuditAction, Sentences>>
