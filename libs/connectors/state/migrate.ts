import type { JsonObject } from '../../contracts/json.js';
import type { Cursor } from '../cursors/cursor.js';
import type { Scope } from '../manifest/interpolation.js';
import type { PartitionRouter } from '../partitions/partition.js';
import { toPlan } from '../partitions/plan-value.js';
import type { StateMigration } from './state-migrations.component.js';

/** A state as it comes from outside, in the present form and as plain JSON. */
export const migrate =
  (migrations: readonly StateMigration[], stream: { router: PartitionRouter; cursor: Cursor | null }) =>
  (state: JsonObject | null, scope: Scope): JsonObject | null => {
    if (state === null) return null;
    return migrations.reduce((known, migration) => migration(known, { ...stream, scope }), toPlan(state) as JsonObject);
  };
