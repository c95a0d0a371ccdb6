import type { StreamTarget } from '../../contracts/destination.port.js';
import type { Metadata } from '../../contracts/metadata.js';
import { ident, literal } from '../../postgres/index.js';
import { METADATA_COLUMNS } from '../../typing/index.js';

/** A digest depends on the row: whoever writes the row gives it. */
type Given = Exclude<Metadata, 'digest'>;
const isGiven = (field: Metadata): field is Given => field !== 'digest';

interface Loading {
  target: Pick<StreamTarget, 'metadata'>;
  runId: string;
  /** null: outside any slice. */
  sliceId: string | null;
}

/** Metadata columns, quoted, with what fills them. `change`: an SQL text, or the word itself. */
export function metadataOf(
  { target, runId, sliceId }: Loading,
  change: 'insert' | 'update' | 'delete' | { sql: string },
): [name: string, value: string][] {
  const values: Readonly<Record<Given, string>> = {
    run: literal(runId),
    slice: sliceId === null ? 'NULL' : literal(sliceId),
    loaded_at: 'now()',
    change: typeof change === 'string' ? literal(change) : change.sql,
  };
  return (target.metadata ?? []).filter(isGiven).map((field) => [ident(METADATA_COLUMNS[field].name), values[field]]);
}
