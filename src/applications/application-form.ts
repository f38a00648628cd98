// The form of an application. Pure.
import type { JSONWebKeySet } from 'jose'
import { z } from 'zod'
import { type DeskEvidence, deskEvidence, EVIDENCE_PROBLEMS } from '../access/evidence.ts'
import { typedFields, typedLine, wrongFields } from '../platform/http/typed-text.ts'
import { type ReadAddress, readAddress, readExactAddresses } from './addresses.ts'
import { ICON_NAMES } from './icons.ts'
import { readPublicKeys } from './public-keys.ts'

export const WAYS = ['openid-connect', 'forward-auth'] as const
export type Way = (typeof WAYS)[number]

const MAX_NAME = 60

/** What the Service Desk decides about an application. `roleGroups`: keys. */
export interface ApplicationFacts {
  name: string
  icon: string
  address: string
  host: string | null
  everyClient: boolean
  roleGroups: string[]
  requiresMfa: boolean
  clientAuth: 'client_secret_basic' | 'private_key_jwt'
  publicKeys: JSONWebKeySet | null
  redirectUris: string[]
  postLogoutRedirectUris: string[]
  backChannelLogoutUri: string | null
  idTokenAlg: 'RS256' | 'EdDSA'
  refreshTokens: boolean
}

const TEXTS = ['name', 'icon', 'address', 'accounts', 'requiresMfa', 'clientAuth', 'publicKeys'] as const
const MORE_TEXTS = ['redirectUris', 'postLogoutRedirectUris', 'backChannelLogoutUri', 'idTokenAlg'] as const
export const TYPED = [...TEXTS, ...MORE_TEXTS, 'refreshTokens', 'ticket', 'reason'] as const
const FIELDS = [...TYPED, 'roleGroups'] as const

export type ApplicationProblems = Partial<Record<(typeof FIELDS)[number], string>>

/** What was typed, to show it again. */
export type TypedApplication = Record<(typeof TYPED)[number], string> & { roleGroups: string[] }

/** Replace the messages of zod. The fields that are not here have messages of their own. */
const MESSAGES: ApplicationProblems = {
  ...EVIDENCE_PROBLEMS,
  name: `Give the application a name, at most ${MAX_NAME} characters.`,
  icon: 'Choose an icon.',
  accounts: 'Say of which accounts people may enter.',
  roleGroups: 'Choose at least one role group.',
  clientAuth: 'Say how the application proves its identity.',
  idTokenAlg: 'Choose an algorithm for ID tokens.',
}

export interface FormContext {
  way: Way
  /** Our own origin. */
  publicUrl: string
  /** The keys of all role groups. */
  roleGroupKeys: readonly string[]
}

export type ReadForm =
  | { ok: true; facts: ApplicationFacts; evidence: DeskEvidence }
  | { ok: false; problems: ApplicationProblems }

/** The facts and the evidence in a form, or what is wrong with each field. */
export function readApplicationForm(form: Record<string, unknown>, context: FormContext): ReadForm {
  const read =
    context.way === 'forward-auth' ? readForwardAuth(form, context) : readOpenIdConnect(form, context)
  if (!read.success) return { ok: false, problems: problemsOf(read.error) }
  const { ticket, reason, ...facts } = read.data
  return { ok: true, facts, evidence: { ticket, reason } }
}

/** What was typed into a form that is shown again. */
export function typedApplication(form: Record<string, unknown>): TypedApplication {
  return { ...typedFields(form, TYPED), roleGroups: several.parse(form.roleGroups) }
}

const several = z.union([z.string().transform((one) => [one]), z.array(z.string())]).catch([])
const box = z
  .literal('yes')
  .optional()
  .catch(undefined)
  .transform((value) => value === 'yes')

/** A text with a reader that names its own problems. */
function textOf<Value>(read: (text: string) => { value: Value } | { problem: string }) {
  return z
    .string()
    .catch('')
    .transform((text, ctx): Value => {
      const result = read(text)
      if ('value' in result) return result.value
      ctx.addIssue({ code: 'custom', message: result.problem })
      return z.NEVER
    })
}

function everyWay({ roleGroupKeys }: FormContext) {
  return deskEvidence.extend({
    name: typedLine(MAX_NAME),
    icon: z.enum(ICON_NAMES),
    accounts: z.enum(['every', 'chosen']),
    roleGroups: several.pipe(z.array(z.string().refine((key) => roleGroupKeys.includes(key))).min(1)),
    requiresMfa: box,
  })
}

const NOT_USED = {
  clientAuth: 'client_secret_basic',
  publicKeys: null,
  redirectUris: [],
  postLogoutRedirectUris: [],
  backChannelLogoutUri: null,
  idTokenAlg: 'RS256',
  refreshTokens: false,
} satisfies Partial<ApplicationFacts>

function readForwardAuth(form: Record<string, unknown>, context: FormContext) {
  const address = textOf((text) => urlOf(readAddress(text, context.publicUrl), (url) => url))
  return everyWay(context)
    .extend({ address })
    .transform(({ accounts, address: url, ...facts }) => ({
      ...facts,
      ...NOT_USED,
      address: url.href,
      host: url.host,
      everyClient: accounts === 'every',
    }))
    .safeParse(form)
}

function readOpenIdConnect(form: Record<string, unknown>, context: FormContext) {
  const { publicUrl } = context
  const exact = (missing: string | null) =>
    textOf((text) => {
      const read = readExactAddresses(text, publicUrl)
      if ('problem' in read) return read
      return missing !== null && read.addresses.length === 0
        ? { problem: missing }
        : { value: read.addresses }
    })
  const hasKeys = form.clientAuth === 'private_key_jwt'
  const keys = textOf((text) => {
    const read = readPublicKeys(text)
    return 'problem' in read ? read : { value: read.keys }
  })
  return everyWay(context)
    .extend({
      address: textOf((text) => urlOf(readAddress(text, publicUrl), ({ href }) => href)),
      clientAuth: z.enum(['client_secret_basic', 'private_key_jwt']),
      publicKeys: hasKeys ? keys : textOf(() => ({ value: null })),
      redirectUris: exact('Enter at least one redirect address.'),
      postLogoutRedirectUris: exact(null),
      backChannelLogoutUri: textOf((text) =>
        text.trim() === '' ? { value: null } : urlOf(readAddress(text, publicUrl), ({ href }) => href),
      ),
      idTokenAlg: z.enum(['RS256', 'EdDSA']),
      refreshTokens: box,
    })
    .transform(({ accounts, ...facts }) => ({ ...facts, host: null, everyClient: accounts === 'every' }))
    .safeParse(form)
}

function urlOf<Value>(read: ReadAddress, valueIn: (url: URL) => Value) {
  return 'problem' in read ? read : { value: valueIn(read.url) }
}

function problemsOf(error: z.ZodError): ApplicationProblems {
  const messageOf = (field: (typeof FIELDS)[number]) =>
    MESSAGES[field] ?? error.issues.find(({ path: [first] }) => first === field)?.message
  return Object.fromEntries(wrongFields(error, FIELDS).map((field) => [field, messageOf(field)]))
}
