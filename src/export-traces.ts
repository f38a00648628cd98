import { ExportResultCode } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node'
import type { Config } from './config.ts'
import { VERSION } from './platform/db/process-identity.ts'
import type { Logger } from './platform/log.ts'
import { watchOutage } from './platform/outbox/watch-outage.ts'

/**
 * Exports the traces of this process to OTLP_URL, if it is given. What the collector does not take is dropped: no
 * request and no job waits for it. Returns a function that sends what is left.
 */
export function exportTraces(
  { OTLP_URL, TRACE_SHARE }: Pick<Config, 'OTLP_URL' | 'TRACE_SHARE'>,
  processName: string,
  log: Logger,
): () => Promise<void> {
  if (OTLP_URL === undefined) return async () => {}
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': `portcullis-${processName}`,
      'service.version': VERSION,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(TRACE_SHARE) }),
    spanProcessors: [new BatchSpanProcessor(logOutages(new OTLPTraceExporter({ url: OTLP_URL }), log))],
  })
  provider.register()
  return () => provider.shutdown().catch(() => {})
}

function logOutages(exporter: SpanExporter, log: Logger): SpanExporter {
  const outage = watchOutage(log, {
    began: 'The collector at OTLP_URL takes no traces. They are dropped until it does.',
    ended: 'The collector takes traces again.',
  })
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code === ExportResultCode.SUCCESS) outage.ended()
        else outage.began(result.error)
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
  }
}
