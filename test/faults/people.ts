// The users of the installation with their phones.
import { setTimeout as pause } from 'node:timers/promises'
import { timeStep } from '../../src/mfa/totp.ts'
import { SECOND } from '../../src/platform/time/durations.ts'
import { DEMO_PASSWORD } from '../support/browser.ts'
import { base32Decode, totp } from '../support/rfc6238.ts'
import type { Installation } from './installation.ts'

export interface ShownCode {
  code: string
  name: string
}

export class Member {
  readonly id: string
  readonly email: string
  secret: Buffer
  /** A key that was scanned, while it is unknown whether it became the authenticator. */
  candidate: Buffer | null = null
  maybeDisabled = false
  #lastStep = -1
  #keys = 1

  constructor(id: string, email: string, secret: Buffer) {
    this.id = id
    this.email = email
    this.secret = secret
  }

  get password(): string {
    return DEMO_PASSWORD
  }

  /** Whether there is a code that was not used yet. */
  get hasCode(): boolean {
    return this.#lastStep < timeStep(new Date())
  }

  /** Puts a new key on the phone. */
  scan(key: Buffer): void {
    this.candidate = key
    this.#lastStep = -1
    this.#keys += 1
  }

  /** The key that was scanned is the authenticator. */
  adopt(): void {
    this.secret = this.candidate ?? this.secret
    this.candidate = null
  }

  /** A code that was not used yet, with its name: key and time step. Waits for it if need be: a step ahead is accepted as drift. */
  async freshCode(secret = this.secret): Promise<ShownCode> {
    while (this.#lastStep > timeStep(new Date())) await pause(SECOND)
    const step = Math.max(timeStep(new Date()), this.#lastStep + 1)
    this.#lastStep = step
    return { code: totp(secret, new Date(step * 30_000)), name: `key ${this.#keys}, step ${step}` }
  }

  /** A code of no step near now. */
  wrongCode(): string {
    const near = [-3, -2, -1, 0, 1, 2, 3].map((drift) => totp(this.secret, new Date(), { drift }))
    for (let number = 0; ; number += 1) {
      const code = String(number).padStart(6, '0')
      if (!near.includes(code)) return code
    }
  }
}

export interface Account {
  id: string
  admin: Member
  /** Users whom the Admin may reset. */
  members: Member[]
}

/** Accounts with an Admin and other users. */
export async function accountsOf({ sql, enrolled }: Installation): Promise<Account[]> {
  const rows = await sql<{ id: string; clientId: string; isAdmin: boolean }[]>`
    select u.id, u.client_id as "clientId", bool_or(r.is_admin) as "isAdmin"
    from users u join memberships m on m.user_id = u.id join role_groups r on r.id = m.role_group_id
    group by u.id`
  const placeOf = new Map(rows.map((row) => [row.id, row]))
  const accounts = new Map<string, { admins: Member[]; members: Member[] }>()
  for (const { id, email, secret } of enrolled) {
    const { clientId = '', isAdmin = false } = placeOf.get(id) ?? {}
    const account = accounts.get(clientId) ?? { admins: [], members: [] }
    accounts.set(clientId, account)
    account[isAdmin ? 'admins' : 'members'].push(new Member(id, email, base32Decode(secret)))
  }
  return [...accounts].flatMap(
    ([
      id,
      {
        admins: [admin],
        members,
      },
    ]) => (admin ? { id, admin, members } : []),
  )
}
