import type { JsonPage, RecordPage } from '../../contracts/source.port.js';
import { readJobSlice, type ReadJobRequest } from '../async/read-job-slice.js';
import type { Environment } from './environment.js';
import { readSlice, type Liberties } from './read-slice.js';
import { wayOf } from './state-delegation.js';
import type { StreamModel } from './stream-model.js';

/** As readStream, where pages may be JSON texts. */
export function readStreamJson(
  model: StreamModel,
  environment: Environment,
  request: ReadJobRequest & Liberties,
): AsyncGenerator<RecordPage | JsonPage> {
  const way = wayOf(model, request.slice);
  return way.retriever.job === undefined
    ? readSlice(way, environment, request)
    : readJobSlice(way, way.retriever.job, environment, request);
}

/** The pages of a slice in order, whatever kind of retriever makes them. */
export const readStream = (model: StreamModel, environment: Environment, request: ReadJobRequest): AsyncGenerator<RecordPage> =>
  readIn(wayOf(model, request.slice), environment, request);

const readIn = (way: StreamModel, environment: Environment, request: ReadJobRequest): AsyncGenerator<RecordPage> =>
  way.retriever.job === undefined
    ? readSlice(way, environment, request)
    : readJobSlice(way, way.retriever.job, environment, request);
