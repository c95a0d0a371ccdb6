import { SluiceError } from '../../errors/index.js';

/** Renews the credential of one request that was refused, at most once. */
export class Renewal {
  private outcome: 'none' | 'renewed' | 'failed' = 'none';

  constructor(private readonly label: { stream: string; request: string }) {}

  /** `renew` null: the credential cannot be renewed, so the request is merely tried again. Throws when the request was refused again, or for good. */
  async renew(renew: (() => Promise<void>) | null, status: number): Promise<void> {
    if (this.outcome !== 'none') throw this.refusedAgain(status);
    if (renew === null) return;
    this.outcome = 'failed';
    try {
      await renew();
      this.outcome = 'renewed';
    } catch (error) {
      // Credentials that are refused stay refused; anything else may pass, and the token at hand gets one more try.
      if (!(error instanceof SluiceError) || error.kind === 'auth' || error.kind === 'invalid_input') throw error;
    }
  }

  /** For a 401 of which the manifest says nothing better than to fail. True: the request is worth sending again. A renewal's own error goes on. */
  async replace(renew: (() => Promise<void>) | null, status: number): Promise<boolean> {
    if (renew === null || status !== 401 || this.outcome !== 'none') return false;
    this.outcome = 'renewed';
    await renew();
    return true;
  }

  private refusedAgain(status: number): SluiceError {
    const { stream, request } = this.label;
    const renewed = this.outcome === 'renewed';
    return new SluiceError(renewed ? 'SOURCE_AUTH_FAILED' : 'SOURCE_SERVER_ERROR', {
      detail: `${request} of stream ${stream} answered ${status} again, ${renewed ? 'with a renewed token' : 'and the token could not be renewed'}`,
      details: { stream, request, status, failure_type: renewed ? 'config_error' : 'transient_error' },
    });
  }
}
