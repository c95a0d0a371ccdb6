import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import {
  makeWorkflowExporter,
  OpenTelemetryActivityInboundInterceptor,
  OpenTelemetryActivityOutboundInterceptor,
} from '@temporalio/interceptors-opentelemetry-v2';
import type { WorkerOptions } from '@temporalio/worker';
import type { Tracing } from '../observability/index.js';

/** What a worker needs to hand traces on: a trace goes from the API's request through the workflow into its activities. */
export function tracedWorker(tracing: Tracing | null): Pick<WorkerOptions, 'interceptors' | 'sinks'> {
  return {
    interceptors: {
      activity: [
        (context) => ({
          inbound: new OpenTelemetryActivityInboundInterceptor(context),
          outbound: new OpenTelemetryActivityOutboundInterceptor(context),
        }),
      ],
    },
    ...(tracing === null ? {} : { sinks: { exporter: makeWorkflowExporter(tracing.spanProcessor, tracing.resource) } }),
  };
}

/** Interceptors of workflows, for their bundle: with spans, or without and in as many steps. They give no commands: a history replays with both. */
export const workflowInterceptorModule = ({ tracing }: { tracing: boolean }): string =>
  tracing
    ? createRequire(import.meta.url).resolve('@temporalio/interceptors-opentelemetry-v2/lib/workflow-interceptors')
    : fileURLToPath(new URL('./untraced-interceptors.js', import.meta.url));
