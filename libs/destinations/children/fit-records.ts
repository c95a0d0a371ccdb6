import type { Contract } from '../../contracts/schema-contract.js';
import type { SourceRecord } from '../../contracts/stream.js';
import { ChildWatch, pathKey, Unfit, type ChildTable, type ContractWatch, type UnfitReason } from '../../typing/index.js';

interface Reject {
  record: SourceRecord;
  reason: UnfitReason;
  field: string | null;
}
/** Encodes records; those that cannot be loaded are pushed to `rejects` and left out. null: none is left. */
type Encode<Encoded> = (records: readonly SourceRecord[], rejects: Reject[], first: number) => Encoded | null;

/** An encoder for records whose lists become tables: every list is looked at first. `watch`: of the records, which tells of the lists too. */
export function fittingChildren<Encoded>(
  encode: Encode<Encoded>,
  { children, contract, watch }: { children: readonly ChildTable[]; contract: Contract; watch: ContractWatch },
): Encode<Encoded> {
  const lists = children.map((child) => new ChildWatch(child, contract));
  const discarded = (): number => lists.reduce((sum, list) => sum + list.discarded, 0);
  return (records, rejects, first) => {
    const changed = new Map<SourceRecord, { record: SourceRecord; discarded: number }>();
    const kept: SourceRecord[] = [];
    for (const record of records) {
      const before = discarded();
      try {
        const next = fitRecord(record, lists);
        if (next !== record || discarded() > before) changed.set(next, { record, discarded: discarded() - before });
        watch.discarded += discarded() - before;
        kept.push(next);
      } catch (error) {
        if (!(error instanceof Unfit)) throw error;
        rejects.push({ record, reason: error.reason, field: error.field });
      }
    }
    for (const want of lists.flatMap((list) => list.wanted)) watch.wanted.set(`${want.child ?? ''} ${pathKey(want.path)}`, want);
    const from = rejects.length;
    const frame = kept.length === 0 ? null : encode(kept, rejects, first);
    // Kept aside as they came, and without what was left out of them.
    for (const [n, reject] of rejects.entries()) {
      const original = n < from ? undefined : changed.get(reject.record);
      if (original === undefined) continue;
      watch.discarded -= original.discarded;
      rejects[n] = { ...reject, record: original.record } satisfies Reject;
    }
    return frame;
  };
}

function fitRecord(record: SourceRecord, lists: readonly ChildWatch[]): SourceRecord {
  let fitted = record;
  for (const list of lists) {
    if (!Object.hasOwn(record, list.field)) continue;
    const value = list.fit(record[list.field]);
    if (value !== record[list.field]) fitted = { ...fitted, [list.field]: value };
  }
  return fitted;
}
