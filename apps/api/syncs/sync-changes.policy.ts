import type { Catalog } from '../../../libs/contracts/stream.js';
import type { SyncSpec, SyncStream } from '../../../libs/contracts/sync-spec.schema.js';
import { SluiceError, type FieldError } from '../../../libs/errors/index.js';
import { tableName } from '../../../libs/typing/index.js';

/** What of a stream decides where its records go and which are new: a change of it makes what was loaded and remembered wrong. */
function identity(
  spec: SyncSpec,
  stream: SyncStream,
  catalog: Catalog,
): Record<'mode' | 'action' | 'table' | 'primary_key' | 'cursor_field' | 'deletes' | 'metadata' | 'child_tables', string> {
  const descriptor = catalog.streams.find(({ name }) => name === stream.name);
  return {
    mode: stream.mode,
    action: stream.action?.name ?? 'none',
    table: `${spec.namespace}.${tableName(stream)}`,
    primary_key: (stream.primary_key ?? descriptor?.primaryKey ?? []).join(', '),
    cursor_field: stream.cursor_field ?? descriptor?.cursorField ?? '',
    deletes: deletesWords(stream.deletes),
    // Only rows that are loaded make children.
    child_tables: (stream.child_tables ?? []).toSorted().join(', '),
    // Rows written without a digest are wrong to a verification; other metadata is of later rows only.
    metadata: stream.metadata?.includes('digest') === true ? 'with digests' : 'without digests',
  };
}

/** What of it decides what the table holds. */
function deletesWords(deletes: SyncStream['deletes']): string {
  if (deletes === undefined) return 'none';
  const { when, as, missing } = deletes;
  const tombstones = when && `${as} where ${when.field}${when.equals === undefined ? '' : ` is ${when.equals}`}`;
  return [tombstones, missing && `${missing} where missing`].filter((part) => part !== undefined).join(', ');
}

/**
 * Streams whose change needs a reset, with what changed. `earlier`: the sync's versions, newest first; a stream that was away for a while is
 * compared with the last version that had it. Pure.
 */
function streamsToReset(request: { next: SyncSpec; earlier: readonly SyncSpec[]; catalog: Catalog }): FieldError[] {
  const { next, earlier, catalog } = request;
  return next.streams.flatMap((stream, index) => {
    const before = earlier.find((spec) => spec.streams.some(({ name }) => name === stream.name));
    const old = before?.streams.find(({ name }) => name === stream.name);
    if (before === undefined || old === undefined) return [];
    const [was, is] = [identity(before, old, catalog), identity(next, stream, catalog)];
    return (Object.keys(is) as (keyof typeof is)[])
      .filter((aspect) => was[aspect] !== is[aspect])
      .map((aspect) => ({
        path: `/streams/${index}/${aspect}`,
        message: `changes what was loaded as "${was[aspect]}": list the stream "${stream.name}" in \`reset\``,
        found: is[aspect],
      }));
  });
}

/** Errors: RESET_REQUIRED for changed streams that `reset` does not list; VALIDATION_FAILED where it lists what is no stream of the sync. */
export function assertResets(request: {
  next: SyncSpec;
  earlier: readonly SyncSpec[];
  catalog: Catalog;
  reset: readonly string[];
}): void {
  const { next, reset } = request;
  assertStreamsNamed(next, reset);
  const open = streamsToReset(request).filter(({ path }) => {
    const index = Number(path.split('/')[2]);
    return !reset.includes(next.streams[index]?.name ?? '');
  });
  if (open.length > 0) throw new SluiceError('RESET_REQUIRED', { errors: open });
}

/** Errors: VALIDATION_FAILED. */
export function assertStreamsNamed(spec: SyncSpec, reset: readonly string[]): void {
  const names = spec.streams.map(({ name }) => name);
  const errors = reset.flatMap((name, index) =>
    names.includes(name)
      ? []
      : [{ path: `/reset/${index}`, message: 'is not a stream of the sync', found: name, allowed: names }],
  );
  if (errors.length > 0) throw new SluiceError('VALIDATION_FAILED', { errors });
}
