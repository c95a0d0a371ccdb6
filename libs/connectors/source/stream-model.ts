import type { JsonSchema } from '../../contracts/json.js';
import type { Cursor } from '../cursors/datetime-based-cursor.component.js';
import type { Requester } from '../http/http-requester.component.js';
import type { Paginator } from '../paginators/paginators.component.js';
import type { PartitionRouter } from '../partitions/partition.js';
import type { Decoder } from '../records/decoders.component.js';
import type { RecordSelector } from '../records/record-selector.component.js';
import type { Transformation } from '../records/transformations.component.js';

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
}

/** A stream of a compiled manifest. Free of configuration: that comes with every evaluation. */
export interface StreamModel {
  name: string;
  /** Paths of the key's fields; a path of several steps is no top-level field. */
  primaryKey: readonly (readonly string[])[];
  retriever: Retriever;
  cursor: Cursor | null;
  transformations: readonly Transformation[];
  schema: JsonSchema | null;
}
