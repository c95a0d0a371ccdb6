import { Inject, Injectable } from '@nestjs/common';
import { Context } from '@temporalio/activity';
import type { ConnectionOpener } from '../../libs/contracts/connection-opener.port.js';
import {
  endVerificationInputSchema,
  failStreamInputSchema,
  verifyStreamInputSchema,
  type EndVerificationInput,
  type FailStreamInput,
  type VerifyActivities as Contract,
  type VerifyStreamInput,
} from '../../libs/contracts/verify-workflow.js';
import { endVerification, setVerificationStream, type Pool } from '../../libs/store/index.js';
import { withFailures } from '../support/failures.js';
import { withHeartbeat } from '../support/heartbeat.js';
import { CONNECTION_OPENER, POOL } from '../tokens.js';
import { verifyStream } from './verify-stream.js';

/** Looks whether tables are what they should be. */
@Injectable()
export class VerifyActivities implements Contract {
  constructor(
    @Inject(POOL) readonly pool: Pool,
    @Inject(CONNECTION_OPENER) readonly opener: ConnectionOpener,
  ) {}

  async verifyStream(input: VerifyStreamInput): Promise<{ rows: number; findings: number }> {
    const request = verifyStreamInputSchema.parse(input);
    return withFailures(() => withHeartbeat(() => verifyStream(this, request, Context.current().cancellationSignal)));
  }

  async failVerifiedStream(input: FailStreamInput): Promise<void> {
    const { verificationId: id, stream, error } = failStreamInputSchema.parse(input);
    await withFailures(() => setVerificationStream(this.pool, { id, stream, state: 'failed', error }));
  }

  async endVerification(input: EndVerificationInput): Promise<void> {
    const { verificationId: id, state, error } = endVerificationInputSchema.parse(input);
    await withFailures(() => endVerification(this.pool, { id, state, ...(error === undefined ? {} : { error }) }));
  }
}
