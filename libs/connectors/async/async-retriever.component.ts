import { httpRequester } from '../http/http-requester.component.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { either, field, integer, optional, template, type Field } from '../manifest/fields.js';
import type { Place } from '../manifest/compiler.js';
import type { Interpolation } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import { paginators, singlePage } from '../paginators/paginators.component.js';
import { wholeStream } from '../partitions/partition.js';
import { routerField } from '../partitions/router-field.js';
import { decodeJson, decoders, type Decoder } from '../records/decoders.component.js';
import { bodyByBody, counted, type Extractor } from '../records/extractor.js';
import { downloadExtractors, extractors, take } from '../records/extractors.component.js';
import type { PieceDecoding } from '../records/piece-decoding.js';
import { recordSelector } from '../records/record-selector.component.js';
import { uncoveredLists } from '../records/uncovered-lists.js';
import type { Retriever } from '../source/stream-model.js';
import type { JobModel } from './job-model.js';
import { asyncJobStatusMap } from './job-status.component.js';
import { partsUsed } from './kept-response.js';

/** A field's component, with all texts in it: what they name of the job's answers is kept. */
const withTexts = <R>(inner: Field<R>): Field<{ value: R; texts: readonly string[] }> =>
  field((value, place: Place) => ({ value: inner.parse(value, place), texts: textsIn([value, place.parameters]) }));

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isObject(value) ? Object.values(value).flatMap(textsIn) : [];
}

const requester = () => component(() => [httpRequester]);
const requesterWithTexts = () => withTexts(requester());
/** A number, or a template that gives one. */
export const count = (): Field<Interpolation> =>
  either<Interpolation>('a whole number or a template', (value) =>
    typeof value === 'string' ? template() : field((found, place) => template().parse(integer().parse(found, place), place)),
  );

const wholeBody: Extractor = bodyByBody((answer) => counted(answer.bodies().flatMap((body) => take(body, []))));

/** How downloads are read as they arrive; undefined: they are read whole. */
const piecesOf = (extract: Extractor, decoder: Decoder): PieceDecoding | undefined =>
  extract.inPieces ?? (extract.bodyByBody === true ? decoder.inPieces : undefined);

export const asyncRetriever: Component<Retriever> = defineComponent({
  type: 'AsyncRetriever',
  fields: {
    record_selector: component(() => [recordSelector]),
    status_mapping: component(() => [asyncJobStatusMap]),
    status_extractor: component(() => extractors),
    download_target_extractor: optional(component(() => extractors)),
    download_extractor: optional(component(() => downloadExtractors)),
    creation_requester: requester(),
    polling_requester: requesterWithTexts(),
    polling_job_timeout: optional(count()),
    failed_retry_wait_time_in_seconds: optional(count()),
    download_target_requester: optional(requesterWithTexts()),
    download_requester: requesterWithTexts(),
    download_paginator: optional(
      component(() => paginators),
      singlePage,
    ),
    abort_requester: optional(requesterWithTexts()),
    delete_requester: optional(requesterWithTexts()),
    partition_router: optional(routerField),
    decoder: optional(
      component(() => decoders),
      decodeJson,
    ),
    download_decoder: optional(
      component(() => decoders),
      decodeJson,
    ),
  },
  // Older manifests name these; Airbyte's engine does not look at them any more.
  ignored: ['urls_extractor', 'url_requester'],
  build(fields, place): Retriever {
    const { polling_requester: polling, download_requester: download, partition_router: router } = fields;
    const { abort_requester: abort, delete_requester: deletion, download_target_requester: targets } = fields;
    if (targets !== undefined && fields.download_target_extractor === undefined)
      return place.compiler.reject({ path: place.pointer, message: 'download_target_requester needs download_target_extractor' });
    const { record_selector: selector, download_paginator: paginator, download_extractor: extract = wholeBody } = fields;
    const { download_decoder: decoder } = fields;
    const extracting = [extract, fields.status_extractor, fields.download_target_extractor];
    if (extracting.some((one) => one?.fetchesLists)) uncoveredLists(place, 'what a job made is read without further calls');
    const later = [polling, download, abort, deletion, targets].flatMap((part) => part?.texts ?? []);
    const job: JobModel = {
      creation: fields.creation_requester,
      polling: polling.value,
      abort: abort?.value,
      deletion: deletion?.value,
      targets: targets?.value,
      targetValues: fields.download_target_extractor,
      status: fields.status_extractor,
      statuses: fields.status_mapping,
      decoder: fields.decoder,
      timeout: fields.polling_job_timeout,
      failedWait: fields.failed_retry_wait_time_in_seconds,
      kept: partsUsed(later),
      // Properties of one record that come from several requests are put together in memory.
      inPieces: download.value.properties === null ? piecesOf(extract, decoder) : undefined,
    };
    return {
      job,
      requester: download.value,
      decoder,
      // The selector's own extractor has no say: Airbyte looks at its filter only.
      selector: { ...selector, extract },
      // What a job made does not change any more; a job that is lost is noticed, and so is a download that is another one (DownloadMark).
      paginator: { ...paginator, resume: 'exact', warning: null },
      router: router ?? wholeStream,
      partitioned: router !== undefined && router !== wholeStream,
      bareNextPages: false,
    };
  },
});
