import type { Resource } from '@opentelemetry/resources';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-base';

/** Where finished spans of this process go. */
export interface Tracing {
  readonly resource: Resource;
  readonly spanProcessor: SpanProcessor;
  /** Sends what is still here, for at most a few seconds. Never throws. */
  stop(): Promise<void>;
}

const STOP_WITHIN_MS = 3_000;

/**
 * OpenTelemetry, configured by its own standard variables: traces are sent (OTLP over HTTP, protobuf) when `OTEL_EXPORTER_OTLP_ENDPOINT` or
 * `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` names a collector; `OTEL_SDK_DISABLED=true` turns it off; samplers, headers and batch sizes as the
 * standard has them. null: off, and nothing of it is loaded. Once per process, before anything makes a span.
 */
export async function startTracing(request: {
  service: string;
  version: string;
  env?: NodeJS.ProcessEnv;
}): Promise<Tracing | null> {
  const { service, version, env = process.env } = request;
  if (env['OTEL_SDK_DISABLED'] === 'true') return null;
  if (!env['OTEL_EXPORTER_OTLP_ENDPOINT'] && !env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) return null;
  const [{ OTLPTraceExporter }, { defaultResource, resourceFromAttributes }, { BatchSpanProcessor }, { NodeTracerProvider }] =
    await Promise.all([
      import('@opentelemetry/exporter-trace-otlp-proto'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/sdk-trace-node'),
    ]);
  const resource = defaultResource().merge(
    resourceFromAttributes({ 'service.name': env['OTEL_SERVICE_NAME'] ?? service, 'service.version': version }),
  );
  const spanProcessor = new BatchSpanProcessor(new OTLPTraceExporter());
  const provider = new NodeTracerProvider({ resource, spanProcessors: [spanProcessor] });
  provider.register();
  return {
    resource,
    spanProcessor,
    async stop() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, STOP_WITHIN_MS).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
    },
  };
}
