import type { JsonObject } from '../../contracts/json.js';
import type { JobModel } from '../async/job-model.js';
import type { Cursor } from '../cursors/cursor.js';
import type { Requester } from '../http/http-requester.component.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import type { Paginator } from '../paginators/paginators.component.js';
import type { PartitionRouter } from '../partitions/partition.js';
import type { Decoder } from '../records/decoders.component.js';
import type { RecordSelector } from '../records/record-selector.component.js';
import type { Transformation } from '../records/transformations.component.js';
import type { SchemaLoader } from '../schema/schema-loader.js';
import type { PaginationReset } from './page-reset.policy.js';
import type { PageSizeReduction } from './page-size-reduction.policy.js';
import type { WindowSplitting } from './retriever-options.component.js';

/** How a stream's requests are made and answered. */
export interface Retriever {
  requester: Requester;
  decoder: Decoder;
  selector: RecordSelector;
  paginator: Paginator;
  router: PartitionRouter;
  /** The stream has partitions, so its state is kept for each. */
  partitioned: boolean;
  /** Where partition and cursor parameters are left out once there is a page token. */
  bareNextPages: boolean;
  /** How pages shrink that the source refuses as too large; absent: it does not ask for that. */
  pageSizeReduction?: PageSizeReduction | undefined;
  /** Absent: as `PLAIN_RESET`. */
  paginationReset?: PaginationReset | undefined;
  /** How windows shrink that the source refuses as too long; absent: it does not ask for that. */
  windowSplitting?: WindowSplitting | undefined;
  /** The records are what a job at the source makes; all else here is about downloading them. Their requests hold no partition or cursor. */
  job?: JobModel;
}

/** A stream of a compiled manifest. Free of configuration: that comes with every evaluation. */
export interface StreamModel {
  name: string;
  /** Paths of the key's fields; a path of several steps is no top-level field. */
  primaryKey: readonly (readonly string[])[];
  retriever: Retriever;
  cursor: Cursor | null;
  /** Brings a state of an older form of the connector into the present one. */
  migrateState: (state: JsonObject | null, scope: Scope) => JsonObject | null;
  transformations: readonly Transformation[];
  schema: SchemaLoader;
  /** How it is read once there is a state, and how long the source remembers what is new (an ISO 8601 duration). */
  afterwards?: { stream: StreamModel; retention: Interpolation | undefined };
  /** The stream is there only where the configuration says so. */
  when?: Interpolation;
}
