// An agent of the Service Desk who changes the policy of an account over and over.
import { setTimeout as pause } from 'node:timers/promises'
import { MINUTE } from '../../src/platform/time/durations.ts'
import type { Installation } from './installation.ts'
import type { Ledger } from './ledger.ts'
import { Member } from './people.ts'
import type { Random } from './random.ts'
import { JourneyOver, Visit } from './visit.ts'

const AGENT = 'desk@platform.example'
const ACCOUNT = 'Meridian Foods'
/** What the account may require. Each change is between two of these. */
const POLICIES = [['tech-operator'], ['tech-operator', 'finance-operator'], ['finance-manager'], []]
const SIGNS_IN_EVERY_MS = 8 * MINUTE

export class PolicyDesk {
  readonly #ledger: Ledger
  readonly #origin: string
  readonly #agent: Member
  readonly #clientId: string
  readonly #random: Random
  #visit: Visit | null = null

  private constructor(ledger: Ledger, origin: string, agent: Member, clientId: string, random: Random) {
    this.#ledger = ledger
    this.#origin = origin
    this.#agent = agent
    this.#clientId = clientId
    this.#random = random
  }

  static async open({ sql, balancer }: Installation, ledger: Ledger, random: Random): Promise<PolicyDesk> {
    const [agent] = await sql<[{ id: string }]>`select id from users where email = ${AGENT}`
    const [client] = await sql<[{ id: string }]>`select id from clients where name = ${ACCOUNT}`
    const member = new Member(agent.id, AGENT, Buffer.alloc(0))
    return new PolicyDesk(ledger, balancer.origin, member, client.id, random)
  }

  async play(isOver: () => boolean): Promise<void> {
    let signedInAt = 0
    while (!isOver()) {
      try {
        if (!this.#visit || Date.now() - signedInAt > SIGNS_IN_EVERY_MS) {
          this.#visit = await this.#signIn()
          signedInAt = Date.now()
        }
        await this.#change(this.#visit)
      } catch (error) {
        if (!(error instanceof JourneyOver)) throw error
        this.#visit = null
      }
      await pause(this.#random.between(200, 1000))
    }
  }

  async #signIn(): Promise<Visit> {
    while (!this.#agent.hasCode) await pause(1000)
    const visit = new Visit(this.#ledger, this.#origin, this.#agent)
    await visit.signIn()
    await visit.verify()
    return visit
  }

  async #change(visit: Visit): Promise<void> {
    const roleGroups = this.#random.oneOf(POLICIES)
    await visit.act('policy', roleGroups.join(' '), `/clients/${this.#clientId}/mfa-policy`, [
      ...roleGroups.map((key): [string, string] => ['roleGroups', key]),
      ['ticket', 'T-1'],
      ['reason', 'As agreed'],
    ])
  }
}
