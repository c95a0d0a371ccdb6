import { createHash } from 'node:crypto';
import type { StreamTarget } from '../contracts/destination.port.js';
import type { JsonObject } from '../contracts/json.js';
import type { SourceRecord } from '../contracts/stream.js';
import { SluiceError } from '../errors/index.js';
import { BeyondJson, Decimal, isObject, stringifyJson } from '../json/index.js';
import { compareCursors, cursorValue } from '../pipeline/index.js';

/** A record on its way to an action. */
export interface Row {
  keyHash: Buffer;
  /** Of the input: a record that changed in what the action does not see is no other row. */
  digest: Buffer;
  /** JSON text; null: it has none. */
  cursor: string | null;
  record: SourceRecord;
  input: JsonObject;
  /** Why it cannot be handed over. */
  wrong: { reason: string; field: string | null } | null;
}

/** `input` may throw VALIDATION_FAILED. */
export type MakeInput = (record: SourceRecord) => JsonObject;

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Pure but for `input`. */
export function rowOf(
  record: SourceRecord,
  target: Pick<StreamTarget, 'primaryKey' | 'cursorField' | 'cursorOrder'>,
  input: MakeInput,
): Row {
  const key = target.primaryKey.map((field) => record[field] ?? null);
  const nullKey = target.primaryKey.find((_, index) => key[index] === null);
  const cursor = target.cursorField === null ? null : cursorValue(record[target.cursorField], target.cursorOrder);
  const row = {
    // Without a key it is told apart by all that it holds.
    keyHash: sha256(canonicalText(nullKey === undefined ? key : record)),
    cursor: cursor === null ? null : String(cursor),
    record,
  };
  const wrong = (reason: string, field: string | null): Row => ({
    ...row,
    input: {},
    digest: sha256(canonicalText(record)),
    wrong: { reason, field },
  });
  if (nullKey !== undefined) return wrong('null_key', nullKey);
  try {
    const made = input(record);
    return { ...row, input: made, digest: sha256(canonicalText(made)), wrong: null };
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'VALIDATION_FAILED') throw error;
    return wrong('VALIDATION_FAILED', error.errors[0]?.path ?? null);
  }
}

/** Equal values have equal text, whatever the order of their keys; numbers keep their digits. */
const canonicalText = (value: unknown): string => stringifyJson(inOrder(value));

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isObject(value) || value instanceof Decimal || value instanceof BeyondJson) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, inOrder(value[name])]));
}

/** Whether `a` is older than `b`. */
export function isOlder(a: string | null, b: string | null, order: StreamTarget['cursorOrder']): boolean {
  if (a === null || b === null) return false;
  const [left, right] = [cursorValue(a, order), cursorValue(b, order)];
  return left !== null && right !== null && compareCursors(order)(left, right) < 0;
}
