import { CancelledFailure, type Context } from '@temporalio/activity';

/** How long an attempt may take to commit what it has, before it is torn off. */
const DRAIN_GRACE_MS = 10_000;

/** How an attempt is told to stop: first politely, then not. */
export class StopSignals {
  private readonly draining = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private tear: (error: Error) => void = () => {};
  /** Rejects when the attempt has to be left as it is: nobody waits for it any more, or it did not drain in time. */
  readonly torn = new Promise<never>((_, reject) => (this.tear = reject));

  constructor(private readonly context: Context) {
    this.torn.catch(() => {});
    const { cancellationSignal } = context;
    if (cancellationSignal.aborted) this.stop();
    else cancellationSignal.addEventListener('abort', () => this.stop(), { once: true });
  }

  /** Aborts when the attempt should commit what it has and return: pause, cancellation, shutdown of the worker. */
  get drain(): AbortSignal {
    return this.draining.signal;
  }

  /** The workflow has given this attempt up: another one is at work. */
  get isForgotten(): boolean {
    const details = this.context.cancellationDetails;
    return details?.notFound === true || details?.timedOut === true;
  }

  close(): void {
    clearTimeout(this.timer);
  }

  private stop(): void {
    this.draining.abort(new Error('the attempt was asked to stop'));
    const error = new CancelledFailure('the attempt was cancelled');
    if (this.isForgotten) this.tear(error);
    else this.timer = setTimeout(() => this.tear(error), DRAIN_GRACE_MS);
  }
}
