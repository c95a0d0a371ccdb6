import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { toSluiceError } from '../errors/index.js';

/** A span around one outgoing call: method, host and status, nothing of what the address or the body says. Free where tracing is off. */
export async function traceCall<T extends { status: number }>(
  { method, url }: { method: string; url: URL },
  call: () => Promise<T>,
): Promise<T> {
  const attributes = { 'http.request.method': method, 'server.address': url.hostname };
  const span = trace.getTracer('sluice-egress').startSpan(`${method} ${url.hostname}`, { kind: SpanKind.CLIENT, attributes });
  try {
    const answer = await context.with(trace.setSpan(context.active(), span), call);
    span.setAttribute('http.response.status_code', answer.status);
    return answer;
  } catch (error) {
    span.setAttribute('error.type', toSluiceError(error).code).setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}
