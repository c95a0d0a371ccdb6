import type { StreamTarget } from '../../contracts/destination.port.js';
import { marksDeleted, namesOf, type Column } from '../../typing/index.js';
import type { EncoderOptions } from './encoder.js';
import { countedLedger, mergeLedger, type ChunkFacts, type LedgerKey } from './ledger.js';
import { compileErasingMerge } from './merge-erasing.js';
import { compileHistoryMerge } from './merge-history.js';
import { compileMarkingMerge } from './merge-marking.js';
import { compileChosenMerge } from './merge-choice.js';
import { mergeParts } from './merge-parts.js';
import { literal } from './quote.js';
import { digestedColumns } from '../row-digest.js';
import { rememberKeys } from './seen-keys.js';

/** How a mode takes the stage's lines into the table. */
export interface Merging {
  /** What every line must have. */
  needs: Pick<EncoderOptions, 'required' | 'requiredCursor' | 'numberText'>;
  /** Statements that end in the ledger's row. */
  publish(key: LedgerKey, facts: ChunkFacts): string;
}

/** A chunk is sorted by key before it is merged: with PostgreSQL's default of 4 MB that would go through files. */
const MERGE_MEMORY = `SET LOCAL work_mem = '32MB'`;

/** null: the mode only adds rows. `seen`: where the keys of a whole read are remembered, quoted; null: they need not be. Pure. */
export function mergingOf(
  target: StreamTarget,
  { relation, columns, seen }: { relation: string; columns: readonly Column[]; seen: string | null },
): Merging | null {
  const options = { ...target, ...namesOf(columns, target), relation, columns, digested: digestedColumns(columns, target) };
  const { primaryKey, cursorField } = options;
  const required = target.primaryKey;
  const numberText = target.cursorOrder === 'number' ? target.cursorField : null;
  if (target.mode === 'scd2') {
    if (cursorField === null || target.cursorField === null) throw new Error('scd2 without a cursor');
    const merge = compileHistoryMerge({ ...options, cursorField, when: target.deletes?.when });
    return {
      needs: { required, requiredCursor: target.cursorField, numberText },
      publish: (key, facts) => `${MERGE_MEMORY};\n${lockMerges(relation)};\n${merge(facts.lines)}\n${countedLedger(key, facts)}`,
    };
  }
  if (target.mode !== 'incremental_upsert') return null;
  const before = seen === null ? MERGE_MEMORY : `${MERGE_MEMORY};\n${rememberKeys(seen, primaryKey)}`;
  const when = target.deletes?.when;
  const marks = marksDeleted(target);
  if (when === undefined && !marks) {
    const merge = compileChosenMerge(mergeParts(options));
    return {
      needs: { required, numberText },
      publish: (key, facts) => `${before};\n${merge(facts.lines, mergeLedger(key, facts))}`,
    };
  }
  const merge =
    when !== undefined && target.deletes?.as === 'soft'
      ? compileMarkingMerge({ ...options, when })
      : compileErasingMerge({ ...options, when, marks });
  const turn = when === undefined ? before : `${before};\n${lockMerges(relation)}`;
  return {
    needs: { required, numberText },
    publish: (key, facts) => `${turn};\n${merge(facts.lines)}\n${countedLedger(key, facts)}`,
  };
}

/**
 * Merges that read before they write take turns, per table. Whoever waits or merges does so in one message with its COMMIT: nobody who is
 * frozen holds this lock.
 */
const lockMerges = (relation: string): string =>
  `SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${literal(`sluice.merge ${relation}`)}, 0))`;
