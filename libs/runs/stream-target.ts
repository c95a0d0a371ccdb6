import type { StreamAction, StreamDeletes, StreamTarget } from '../contracts/destination.port.js';
import type { Source } from '../contracts/source.port.js';
import type { Catalog, StreamDescriptor } from '../contracts/stream.js';
import type { SyncSpec, SyncStream } from '../contracts/sync-spec.schema.js';
import { isFullRefresh } from '../contracts/write-mode.js';
import type { Contract } from '../contracts/schema-contract.js';
import { SluiceError } from '../errors/index.js';
import { tableName } from '../typing/index.js';

/** What a sync's stream should become at the destination: what the sync says, else what the source declares. Pure. */
export function streamTarget(spec: SyncSpec, stream: SyncStream, descriptor: StreamDescriptor): StreamTarget {
  return {
    namespace: spec.namespace,
    table: tableName(stream),
    mode: stream.mode,
    jsonSchema: descriptor.jsonSchema,
    ...(stream.fields === undefined ? {} : { fields: stream.fields }),
    primaryKey: stream.primary_key ?? descriptor.primaryKey,
    cursorField: stream.cursor_field ?? descriptor.cursorField,
    cursorOrder: descriptor.cursorOrder,
    resume: descriptor.resume,
    ...(stream.contract === undefined ? {} : { contract: contractOf(stream.contract) }),
    ...(stream.nested === undefined ? {} : { nested: stream.nested }),
    ...(stream.child_tables === undefined ? {} : { childTables: stream.child_tables }),
    ...(stream.names === undefined ? {} : { names: stream.names }),
    ...(stream.metadata === undefined ? {} : { metadata: stream.metadata }),
    ...(stream.deletes === undefined ? {} : { deletes: streamDeletes(stream.deletes) }),
    ...(stream.action === undefined ? {} : { action: streamAction(stream.action) }),
  };
}

function streamDeletes({ when, as, missing, allow_empty }: NonNullable<SyncStream['deletes']>): StreamDeletes {
  return {
    ...(when === undefined ? {} : { when: { field: when.field, ...(when.equals === undefined ? {} : { equals: when.equals }) } }),
    as,
    ...(missing === undefined ? {} : { missing }),
    allowEmpty: allow_empty,
  };
}

const streamAction = ({ name, input }: NonNullable<SyncStream['action']>): StreamAction => ({
  name,
  ...(input === undefined ? {} : { input }),
});

const contractOf = ({ new_fields, type_conflicts }: NonNullable<SyncStream['contract']>): Contract => ({
  ...(new_fields === undefined ? {} : { newFields: new_fields }),
  ...(type_conflicts === undefined ? {} : { typeConflicts: type_conflicts }),
});

/** The catalog's stream; UNKNOWN_STREAM when it is gone or cannot be read. */
export function descriptorOf(catalog: Catalog, name: string): StreamDescriptor {
  const descriptor = catalog.streams.find((stream) => stream.name === name);
  if (descriptor === undefined) throw new SluiceError('UNKNOWN_STREAM', { detail: name, details: { stream: name } });
  if (descriptor.unavailable !== null)
    throw new SluiceError('UNKNOWN_STREAM', {
      detail: `${name} cannot be read: ${descriptor.unavailable}`,
      details: { stream: name },
    });
  return descriptor;
}

/** Whether only what is new since the last run is read: not where what a whole read does not see is deleted, nor where rows without a cursor are compared with what an action was called with. */
export const isIncremental = ({
  mode,
  deletes,
  action,
  cursorField,
}: Pick<StreamTarget, 'mode' | 'action' | 'cursorField'> & {
  deletes?: Pick<NonNullable<StreamTarget['deletes']>, 'missing'> | undefined;
}): boolean => !isFullRefresh(mode) && deletes?.missing === undefined && (action === undefined || cursorField !== null);

/** Whether the stream's slices may be read from snapshots that are held: a whole read is of one moment then. */
export const mayHoldSnapshot = ({ snapshots }: Pick<Source, 'snapshots'>, target: StreamTarget): boolean =>
  snapshots !== undefined && !isIncremental(target);
