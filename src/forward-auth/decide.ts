import type { IncomingHttpHeaders } from 'node:http'
import type { Deps } from '../deps.ts'
import { GateUnreadableError } from '../gate/session-store.ts'
import { hashToken } from '../platform/crypto/link-token.ts'
import { type ForwardedRequest, type HeaderProblem, readForwardedRequest } from './forwarded-request.ts'
import { passCookieName, tokenInCookie } from './host-cookies.ts'
import { type Judgement, judgePass } from './judge-pass.ts'
import { type HostApplication, type PassRow, readPass } from './pass.queries.ts'

export interface Judged {
  application: HostApplication
  asked: ForwardedRequest
  pass: Buffer | undefined
  session: PassRow['session']
  kids: string
}

export type Decision =
  | (Judgement & Judged)
  | { verdict: 'wrong'; problem: HeaderProblem | 'unknown-host'; host: string | null }

/** Decides on a request that a proxy asks about, by its host and its pass. One query. */
export async function decide(
  { gateDb, clock }: Pick<Deps, 'gateDb' | 'clock'>,
  headers: IncomingHttpHeaders,
  secure: boolean,
): Promise<Decision> {
  const asked = readForwardedRequest(headers)
  if (typeof asked === 'string') return { verdict: 'wrong', problem: asked, host: null }

  const now = clock.now()
  const token = tokenInCookie(headers.cookie, passCookieName(secure))
  const pass = token === undefined ? undefined : hashToken(token)
  const row = await readPass(gateDb, { host: asked.host, passHash: pass }, now).catch((error: unknown) => {
    throw new GateUnreadableError(error)
  })
  if (!row) return { verdict: 'wrong', problem: 'unknown-host', host: asked.host }

  const { application, admission, session, person, kids } = row
  const judgement = judgePass({ proofs: session?.proofs, person, admission }, now)
  return { ...judgement, application, asked, pass, session, kids }
}
