import { type Response, Router } from 'express'
import { actorOf } from '../access/people.ts'
import { readTiles } from '../applications/tiles.queries.ts'
import type { Deps } from '../deps.ts'
import { factsOf, type Person } from '../gate/facts.ts'
import { personOf, proofsOf } from '../gate/gate.ts'
import { readCoverage } from '../mfa-policy/coverage.queries.ts'
import { percentage } from '../mfa-policy/coverage.ts'
import { readRequestsForAdmins, readRequestsForDesk } from '../mfa-reset/reset-requests.queries.ts'
import { type BarChart, barChart } from '../platform/bar-chart.ts'
import { noticeFor } from '../platform/http/notice.ts'
import { dayText } from '../platform/time/instant-text.ts'
import { relativeText } from '../platform/time/relative-text.ts'
import { readLockedAdmins, readLockedPeople } from '../users/locked-out.queries.ts'
import { readAccountsBelow } from './accounts-below.queries.ts'
import { COUNTED_A_DAY, type DayOfActivity, readActivity } from './activity.queries.ts'
import { dayStarts } from './day-starts.ts'
import { readExpiringInvitations } from './expiring-invitations.queries.ts'
import { readLastReminder } from './last-reminder.queries.ts'
import { mfaTask } from './mfa-task.ts'
import { onlyOperates } from './nav-for.ts'
import { readNotableEvents } from './notable-events.queries.ts'
import { readUndeliveredMails, readUnguardedAccounts } from './open-cases.queries.ts'

const DAYS = 30

/** The first page: what to do, and one's applications. Of operators it is /ops. */
export function dashboardRoutes(deps: Deps): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/', async (req, res) => {
    const person = personOf(res)
    const actor = actorOf(person)
    if (onlyOperates(actor)) return res.redirect(303, '/ops')

    const { codeProven } = factsOf(proofsOf(req), person, deps.clock.now())
    const tiles = await readTiles(deps.db, person, codeProven)
    const page = { notice: noticeFor(req), tiles }
    if (actor.isAdmin)
      return res.render('dashboard/admin', { ...page, ...(await accountSecurity(deps, person, res)) })
    if (actor.isServiceDesk)
      return res.render('dashboard/service-desk', { ...page, ...(await openCases(deps)) })
    res.render('dashboard/dashboard', page)
  })

  return routes
}

/** Every statement is bounded: none grows with the account. */
async function accountSecurity({ db, clock }: Deps, person: Person, res: Response) {
  const now = clock.now()
  const { timeZone } = res.locals
  const { clientId } = person
  const viewer = { clientId, ownId: clientId, seesAll: actorOf(person).isServiceDesk }
  const [coverage, locked, resetRequests, expiring, remindedAt, below, activity, events] = await Promise.all([
    readCoverage(db, { id: clientId, isPlatform: person.ofPlatform }, now),
    readLockedPeople(db, clientId, now),
    readRequestsForAdmins(db, clientId, now),
    readExpiringInvitations(db, clientId, now),
    readLastReminder(db, clientId, now),
    person.ofParent ? readAccountsBelow(db, clientId, now) : null,
    readActivity(db, clientId, dayStarts(now, timeZone, DAYS), now),
    readNotableEvents(db, viewer),
  ])
  return {
    task: mfaTask(coverage, timeZone),
    reminded: remindedAt && { at: remindedAt, ago: relativeText(remindedAt, now) },
    expiring,
    below,
    coverage: {
      ...coverage,
      percent: percentage(coverage.enrolled, coverage.people),
      roleGroups: coverage.roleGroups.map((group) => ({
        ...group,
        percent: percentage(group.enrolled, group.members) ?? 0,
      })),
    },
    locked,
    resetRequests,
    days: DAYS,
    charts: {
      failedSignIns: chartOf(activity, timeZone, ({ failedSignIns }) => failedSignIns),
      mfaResets: chartOf(activity, timeZone, ({ mfaResets }) => mfaResets),
    },
    countedADay: COUNTED_A_DAY,
    events,
  }
}

function chartOf(
  activity: readonly DayOfActivity[],
  timeZone: string,
  countOf: (day: DayOfActivity) => number,
): BarChart {
  return barChart(activity.map((day) => ({ label: dayText(day.start, timeZone), count: countOf(day) })))
}

async function openCases({ db, clock }: Deps) {
  const [lockedAdmins, resetRequests, undelivered, unguarded] = await Promise.all([
    readLockedAdmins(db, clock.now()),
    readRequestsForDesk(db, clock.now()),
    readUndeliveredMails(db),
    readUnguardedAccounts(db),
  ])
  return { lockedAdmins, resetRequests, undelivered, unguarded }
}
