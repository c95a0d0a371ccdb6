import type { JsonObject } from '../../contracts/json.js';
import type { Cursor } from '../cursors/cursor.js';
import { defineComponent, type Component } from '../manifest/component.js';
import type { Scope } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import type { PartitionRouter } from '../partitions/partition.js';

/** Brings an older form of a stream's state into the present one; returns a state that is none of its business as it is. Pure. */
export type StateMigration = (
  state: JsonObject,
  stream: { router: PartitionRouter; cursor: Cursor | null; scope: Scope },
) => JsonObject;

/** `{"<partition's value>": {"<cursor field>": "…"}}` becomes Airbyte's list of partitions. */
export const legacyToPerPartition = defineComponent({
  type: 'LegacyToPerPartitionStateMigration',
  fields: {},
  build:
    (): StateMigration =>
    (state, { router, cursor, scope }) => {
      const entries = Object.entries(state);
      const [field, ...others] = router.fields;
      if (cursor === null || field === undefined || others.length > 0 || entries.length === 0 || 'states' in state) return state;
      const cursorField = cursor.field(scope);
      const legacy = entries.every(
        ([, value]) => isObject(value) && Object.keys(value).length === 1 && Object.hasOwn(value, cursorField),
      );
      if (!legacy) return state;
      const name = field(scope);
      return { states: entries.map(([value, known]) => ({ partition: { [name]: value }, cursor: known })) };
    },
});

/** A new state migration joins here. */
export const stateMigrations = (): readonly Component<StateMigration>[] => [legacyToPerPartition];
