import { SluiceError } from '../errors/index.js';

/** A newer run of the stream is there: the caller has nothing to say any more. */
export const staleRun = ({ stream, epoch }: { stream: string; epoch: number }): SluiceError =>
  new SluiceError('STALE_RUN', { detail: `stream ${stream}, epoch ${epoch}`, details: { stream, epoch } });
