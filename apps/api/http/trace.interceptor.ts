import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Observable, tap } from 'rxjs';
import { toProblem } from '../../../libs/errors/index.js';
import { errorOfRequest } from './to-sluice-error.js';

/** A span a request, under the caller's (`traceparent`), named by method and route: never by what an address or a body holds. */
@Injectable()
export class TraceInterceptor implements NestInterceptor {
  private readonly tracer = trace.getTracer('sluice-api');

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = execution.switchToHttp().getRequest<Request>();
    const response = execution.switchToHttp().getResponse<Response>();
    const route = (request.route as { path?: string } | undefined)?.path ?? '';
    const attributes = { 'http.request.method': request.method, 'http.route': route };
    const caller = propagation.extract(context.active(), request.headers);
    const span = this.tracer.startSpan(`${request.method} ${route}`, { kind: SpanKind.SERVER, attributes }, caller);
    return new Observable((subscriber) =>
      context.with(trace.setSpan(caller, span), () =>
        next
          .handle()
          .pipe(
            tap({
              complete: () => span.setAttribute('http.response.status_code', response.statusCode),
              error: (thrown: unknown) => {
                const { code, status } = toProblem(errorOfRequest(thrown));
                span.setAttributes({ 'http.response.status_code': status, 'error.type': code });
                if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
              },
              finalize: () => span.end(),
            }),
          )
          .subscribe(subscriber),
      ),
    );
  }
}
