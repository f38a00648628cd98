import type { Queue } from 'bullmq'
import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import { refuse } from '../access/refuse.ts'
import type { Deps } from '../deps.ts'
import { actingSessionOf } from '../gate/acting-session.ts'
import { renderNotFound } from '../platform/http/errors.ts'
import { readForm } from '../platform/http/form.ts'
import { lastSaid, listHref } from '../platform/http/list-query.ts'
import { originOf } from '../platform/http/origin.ts'
import type { Operation } from './as-operator.ts'
import { CHANGE_NAMES, changeJob, retryFailedJobs } from './change-jobs.ts'
import { JOB_TABS, readJob, readJobs } from './jobs.queries.ts'

const HIGHEST_PAGE = 1000
const NOT_POSSIBLE = 'Nothing was changed: the job is gone, or is in a state that does not allow this.'

const listQuery = z.object({
  tab: z.enum(JOB_TABS).catch('failed'),
  page: z.coerce.number().int().min(1).max(HIGHEST_PAGE).catch(1),
  job: z.preprocess(lastSaid, z.string()),
})

/** The jobs of each queue, to retry, promote or remove. The queues are those of `reachQueues`. */
export function queueJobs(deps: Pick<Deps, 'db' | 'clock'>): Router {
  const routes = Router({ caseSensitive: true, strict: true })

  routes.get('/:queue', async (req, res) => {
    const queue = queueOf(req, res)
    if (queue) await renderJobs(req, res, queue)
    else renderNotFound(res)
  })

  routes.get('/:queue/:job/remove', async (req, res) => {
    const queue = queueOf(req, res)
    const job = queue && (await readJob(queue, String(req.params.job)))
    if (!job?.changes.includes('remove')) return renderNotFound(res)
    res.render('ops/remove-job', { queue: queue?.name, job, tab: listQuery.parse(req.query).tab })
  })

  routes.post('/:queue/retry', readForm, async (req, res) => {
    const queue = queueOf(req, res)
    if (!queue) return renderNotFound(res)
    const retried = await retryFailedJobs(deps, queue, operationOf(req))
    if (retried === 'not-allowed') return refuse(res, 'unknown')
    res.redirect(303, listOf(req, queue))
  })

  for (const name of CHANGE_NAMES)
    routes.post(`/:queue/:job/${name}`, readForm, async (req, res) => {
      const queue = queueOf(req, res)
      if (!queue) return renderNotFound(res)
      const jobId = String(req.params.job)
      const outcome = await changeJob(deps, queue, { name, jobId, ...operationOf(req) })
      if (outcome === 'not-allowed') return refuse(res, 'unknown')
      if (outcome === 'not-possible') return renderJobs(req, res.status(409), queue, NOT_POSSIBLE)
      res.redirect(303, listOf(req, queue))
    })

  return routes
}

async function renderJobs(req: Request, res: Response, queue: Queue, problem = ''): Promise<void> {
  const { tab, page, job } = listQuery.parse(req.query)
  const one = job === '' ? null : await readJob(queue, job)
  const { jobs, more } =
    job === '' ? await readJobs(queue, tab, page) : { jobs: one ? [one] : [], more: false }
  const path = `/ops/jobs/${queue.name}`
  res.render('ops/jobs', {
    queue: queue.name,
    tab,
    isOne: job !== '',
    tabs: JOB_TABS.map((name) => ({ name, href: listHref(path, { tab: name }) })),
    jobs,
    problem,
    first: page > 1 && listHref(path, { tab }),
    next: more && listHref(path, { tab, page: String(page + 1) }),
  })
}

function queueOf(req: Request, res: Response): Queue | undefined {
  return res.locals.queues?.get(String(req.params.queue))
}

function listOf(req: Request, queue: Queue): string {
  const { tab } = listQuery.parse(req.query)
  return listHref(`/ops/jobs/${queue.name}`, { tab })
}

function operationOf(req: Request): Operation {
  return { actor: actingSessionOf(req), origin: originOf(req) }
}
