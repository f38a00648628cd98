// What people do, one account beside the other. Within an account one thing happens after another.
import { setTimeout as pause } from 'node:timers/promises'
import { MINUTE, SECOND } from '../../src/platform/time/durations.ts'
import { ApplicationVisit } from './application-visit.ts'
import type { RelyingParty } from './applications.ts'
import { LOCK_SECONDS } from './installation.ts'
import { isAcknowledged, isOverloaded, type Ledger } from './ledger.ts'
import type { Account, Member } from './people.ts'
import type { Random } from './random.ts'
import { JourneyOver, Visit } from './visit.ts'

/** Administering asks for a proof of the last ten minutes. */
const ADMIN_SIGNS_IN_EVERY_MS = 8 * MINUTE
const REASON = 'Phone lost'
/** People who are asked to come back in three seconds do. */
const OVERLOADED_PAUSE_MS = 3 * SECOND

export class Scene {
  readonly #ledger: Ledger
  readonly #origin: string
  readonly #account: Account
  readonly #random: Random
  readonly #party: RelyingParty
  #admin: { visit: Visit; since: number } | null = null
  #invited = 0

  constructor(
    ledger: Ledger,
    { origin, party }: { origin: string; party: RelyingParty },
    account: Account,
    random: Random,
  ) {
    this.#ledger = ledger
    this.#origin = origin
    this.#account = account
    this.#random = random
    this.#party = party
  }

  /** Goes on until `isOver`. */
  async play(isOver: () => boolean): Promise<void> {
    const ofUsers = [
      () => this.#signInAndOut(),
      () => this.#signInAndOut(),
      () => this.#signInTwice(),
      () => this.#lock(),
      () => this.#forget(),
      () => this.#useApplications(),
    ]
    const ofAdmins = [
      () => this.#reset(),
      () => this.#reset(),
      () => this.#lockAndLift(),
      () => this.#invite(),
      () => this.#disable(),
      () => this.#useApplicationsUntilReset(),
    ]
    while (!isOver()) {
      await this.#random
        .oneOf(this.#adminMayAct() ? [...ofUsers, ...ofAdmins] : ofUsers)()
        .catch((error) => this.#giveUp(error))
      await pause(this.#random.between(0, 300))
    }
  }

  async #giveUp(error: unknown): Promise<void> {
    if (!(error instanceof JourneyOver)) throw error
    if (error.entry.person === this.#account.admin.id) this.#admin = null
    if (isOverloaded(error.entry)) await pause(OVERLOADED_PAUSE_MS)
  }

  async #signInAndOut(): Promise<void> {
    const member = await this.#someone()
    if (this.#random.happens(0.2)) await this.#open(member).tryWrongPassword()
    const visit = this.#open(member)
    await visit.signIn()
    if (this.#random.happens(0.3)) await visit.look()
    if (this.#random.happens(0.2)) await visit.tryCode(false)
    await visit.verify()
    await visit.look()
    await visit.signOut()
    await visit.look()
  }

  /** The same code from two browsers at once. */
  async #signInTwice(): Promise<void> {
    const member = await this.#someone()
    const visits = [this.#open(member), this.#open(member)]
    for (const visit of visits) await visit.signIn()
    const code = await member.freshCode()
    await Promise.allSettled(visits.map((visit) => visit.verify(code)))
    await Promise.all(visits.map((visit) => visit.look()))
  }

  async #reset(): Promise<void> {
    const admin = await this.#signedInAdmin()
    const member = await this.#someone()
    const before = this.#open(member)
    await before.signIn()
    await before.verify()
    await before.look()
    await admin.act('reset', member.id, `/users/${member.id}/mfa-reset`, { reason: REASON })
    await before.look()
    const again = this.#open(member)
    await again.signIn()
    await again.verify()
    await again.look()
  }

  async #lockAndLift(): Promise<void> {
    await this.#lock(await this.#signedInAdmin())
  }

  /** Too many wrong codes. The lock ends by itself, or an Admin lifts it. */
  async #lock(admin?: Visit): Promise<void> {
    const member = await this.#someone()
    const visit = this.#open(member)
    await visit.signIn()
    for (let wrong = 1; wrong <= 5; wrong += 1) if (!isAcknowledged(await visit.tryCode(false))) return
    const lockedAt = Date.now()
    await visit.tryCode(true)
    if (admin) await admin.act('lift', member.id, `/users/${member.id}/unlock`, { reason: REASON })
    else await pause(LOCK_SECONDS * SECOND - (Date.now() - lockedAt) + this.#random.between(50, SECOND))
    const after = this.#open(member)
    await after.signIn()
    await after.verify()
    await after.look()
  }

  async #invite(): Promise<void> {
    const admin = await this.#signedInAdmin()
    this.#invited += 1
    const email = `invited${this.#invited}@${this.#account.id}.example`
    await admin.act('invite', email, '/users', {
      email,
      name: `Invited ${this.#invited}`,
      roleGroups: 'finance-operator',
    })
  }

  async #disable(): Promise<void> {
    const admin = await this.#signedInAdmin()
    const member = await this.#someone()
    const visit = this.#open(member)
    await visit.signIn()
    await visit.verify()
    member.maybeDisabled = true
    await admin.act('disable', member.id, `/users/${member.id}/disable`, { reason: REASON })
    await visit.look()
    await this.#enable(member)
  }

  async #useApplications(): Promise<void> {
    const visit = this.#open(await this.#someone())
    const atApplications = await this.#enterApplications(visit)
    await visit.signOut()
    await atApplications.askAtHost()
    await atApplications.askAtLedger()
  }

  async #useApplicationsUntilReset(): Promise<void> {
    const admin = await this.#signedInAdmin()
    const member = await this.#someone()
    const atApplications = await this.#enterApplications(this.#open(member))
    await admin.act('reset', member.id, `/users/${member.id}/mfa-reset`, { reason: REASON })
    await atApplications.askAtHost()
    await atApplications.askAtLedger()
  }

  async #enterApplications(visit: Visit): Promise<ApplicationVisit> {
    const atApplications = new ApplicationVisit(visit, this.#origin, this.#party)
    await visit.signIn()
    await visit.verify()
    await atApplications.enterHost()
    await atApplications.askAtHost()
    await atApplications.enterLedger()
    await atApplications.askAtLedger()
    return atApplications
  }

  async #forget(): Promise<void> {
    await this.#open(await this.#someone()).askForPassword()
  }

  async #enable(member: Member): Promise<void> {
    const admin = await this.#signedInAdmin()
    await admin.act('enable', member.id, `/users/${member.id}/enable`, { reason: REASON })
    member.maybeDisabled = false
  }

  #adminIsFresh(): boolean {
    return this.#admin !== null && Date.now() - this.#admin.since < ADMIN_SIGNS_IN_EVERY_MS
  }

  /** Without it a journey would wait up to half a minute for the Admin's next code, and send nothing meanwhile. */
  #adminMayAct(): boolean {
    return this.#adminIsFresh() || this.#account.admin.hasCode
  }

  async #signedInAdmin(): Promise<Visit> {
    if (this.#admin && this.#adminIsFresh()) return this.#admin.visit
    const { admin } = this.#account
    const visit = this.#open(admin)
    await visit.signIn()
    await visit.verify()
    this.#admin = { visit, since: Date.now() }
    return visit
  }

  /** A user who may sign in and has a code that was not used yet. */
  async #someone(): Promise<Member> {
    for (;;) {
      const rested = this.#account.members.filter(
        ({ hasCode, maybeDisabled }) => hasCode && (!maybeDisabled || this.#adminMayAct()),
      )
      if (rested.length === 0) {
        await pause(SECOND)
        continue
      }
      const member = this.#random.oneOf(rested)
      if (member.maybeDisabled) await this.#enable(member)
      return member
    }
  }

  #open(member: Member): Visit {
    return new Visit(this.#ledger, this.#origin, member)
  }
}
