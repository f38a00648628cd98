// Spans of OpenTelemetry, from a request through the outbox and its job to the mail. Without an exporter they cost nothing.
import { context, propagation, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api'

/** Never a URL, an address or a name: who reads traces need not be allowed to read the audit log. */
export type SpanFacts = Record<string, string | number>

export const tracer = trace.getTracer('portcullis')

/** Runs `work` in a span of the trace that is going on, or of the one with this `traceparent` (W3C Trace Context). */
export function inSpan<Result>(
  name: string,
  facts: SpanFacts,
  work: () => Promise<Result>,
  parent: string | null = null,
): Promise<Result> {
  const around = parent ? propagation.extract(ROOT_CONTEXT, { traceparent: parent }) : context.active()
  return tracer.startActiveSpan(name, { attributes: facts }, around, async (span) => {
    try {
      return await work()
    } catch (error) {
      // The message may hold values of a query.
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : '' })
      throw error
    } finally {
      span.end()
    }
  })
}

/** The trace that is going on, as `traceparent`; null if there is none. */
export function currentTraceParent(): string | null {
  const carrier: { traceparent?: string } = {}
  propagation.inject(context.active(), carrier)
  return carrier.traceparent ?? null
}
