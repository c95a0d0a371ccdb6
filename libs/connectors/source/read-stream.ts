import type { RecordPage } from '../../contracts/source.port.js';
import { readJobSlice, type ReadJobRequest } from '../async/read-job-slice.js';
import type { Environment } from './environment.js';
import { readSlice } from './read-slice.js';
import type { StreamModel } from './stream-model.js';

/** The pages of a slice in order, whatever kind of retriever makes them. */
export const readStream = (model: StreamModel, environment: Environment, request: ReadJobRequest): AsyncGenerator<RecordPage> =>
  model.retriever.job === undefined
    ? readSlice(model, environment, request)
    : readJobSlice(model, model.retriever.job, environment, request);
