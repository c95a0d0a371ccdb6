import type { Requester } from '../http/http-requester.component.js';
import type { Interpolation } from '../manifest/interpolation.js';
import type { Decoder } from '../records/decoders.component.js';
import type { Extractor } from '../records/extractors.component.js';
import type { PieceDecoding } from '../records/piece-decoding.js';
import type { KeptParts } from './kept-response.js';
import type { StatusMap } from './job-status.component.js';

/** How a job at the source is created, waited for and cleaned up. Its downloads are the retriever's own requester, decoder and paginator. */
export interface JobModel {
  creation: Requester;
  polling: Requester;
  abort: Requester | undefined;
  deletion: Requester | undefined;
  /** A further call that tells what to download. */
  targets: Requester | undefined;
  /** Where the finished job (or `targets`' answer) names what to download; absent: one download, without a name. */
  targetValues: Extractor | undefined;
  status: Extractor;
  statuses: StatusMap;
  /** Of the answers to creation, polling and `targets`. */
  decoder: Decoder;
  /** Minutes until a job is given up; default 60. */
  timeout: Interpolation | undefined;
  /** Seconds between a job that failed and the next try. */
  failedWait: Interpolation | undefined;
  /** What the templates of later requests need of the answer to creation. */
  kept: KeptParts;
  /** How a download of any size is read as it arrives; undefined: the format has to be read whole, so a download is at most 64 MiB. */
  inPieces: PieceDecoding | undefined;
}
