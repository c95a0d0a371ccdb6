import { SluiceError } from '../../errors/index.js';

export const staleRun = ({ stream, epoch }: { stream: string; epoch: number }): SluiceError =>
  new SluiceError('STALE_RUN', { detail: `stream ${stream}, epoch ${epoch}`, details: { stream, epoch } });
