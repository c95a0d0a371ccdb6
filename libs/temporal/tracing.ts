import { createRequire } from 'node:module';
import { emptyResource } from '@opentelemetry/resources';
import { NoopSpanProcessor } from '@opentelemetry/sdk-trace-base';
import {
  makeWorkflowExporter,
  OpenTelemetryActivityInboundInterceptor,
  OpenTelemetryActivityOutboundInterceptor,
} from '@temporalio/interceptors-opentelemetry-v2';
import type { InjectedSinks, WorkerOptions } from '@temporalio/worker';
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
    sinks: workflowSinks(tracing),
  };
}

/** Workflows always make spans, so that turning tracing on or off changes nothing in them; without tracing they end here. */
function workflowSinks(tracing: Tracing | null): InjectedSinks<{ exporter: { export(): void } }> {
  const { spanProcessor, resource } = tracing ?? { spanProcessor: new NoopSpanProcessor(), resource: emptyResource() };
  return { exporter: makeWorkflowExporter(spanProcessor, resource) };
}

/** The module that makes them, for the bundle. */
export const workflowInterceptorModule = (): string =>
  createRequire(import.meta.url).resolve('@temporalio/interceptors-opentelemetry-v2/lib/workflow-interceptors');
