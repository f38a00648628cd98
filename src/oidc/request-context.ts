import type { Request, Response } from 'express'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { NO_REQUEST, type Origin } from '../platform/audit/record.ts'
import { originOf } from '../platform/http/origin.ts'

/** The request of Express that the provider handles. */
export function requestIn({ req }: Pick<KoaContextWithOIDC, 'req'>): Request {
  return req as Request
}

/** The response of Express that the provider writes. */
export function responseIn({ res }: Pick<KoaContextWithOIDC, 'res'>): Response {
  return res as Response
}

/** From where a request came, for the audit log. */
export function originIn(ctx: KoaContextWithOIDC | undefined): Origin {
  return ctx ? originOf(requestIn(ctx)) : NO_REQUEST
}

/** A page of ours as the body of the provider's answer. */
export function renderInto(
  ctx: KoaContextWithOIDC,
  view: string,
  locals: Record<string, unknown>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    responseIn(ctx).render(view, locals, (error: unknown, html: string) => {
      if (error) return reject(error)
      ctx.type = 'html'
      ctx.body = html
      resolve()
    })
  })
}
