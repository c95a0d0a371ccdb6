import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { performAction, type ActionPorts } from '../actions/index.js';
import { openText, sealText } from '../secrets/index.js';
import { atOnce } from '../at-once/index.js';
import { actionWorkflowId } from '../contracts/action-workflow.js';
import type { ActionDescription } from '../contracts/action.port.js';
import type { StreamRef, StreamTarget } from '../contracts/destination.port.js';
import type { JsonObject } from '../contracts/json.js';
import { SluiceError, type ErrorCode } from '../errors/index.js';
import { isObject, parseJson, stringifyJson } from '../json/index.js';
import {
  findReverseRows,
  getActionRun,
  inTransaction,
  lockReverseRows,
  putReverseRows,
  reserveActionRun,
  settleReverseRows,
  type ActionRunRow,
  type NewReverseRow,
  type ReverseRow,
  type RowVerdict,
  type Transaction,
} from '../store/index.js';
import { isOlder, type Row } from './row.js';

/** Whose action it is, in the version that is called. */
export interface Receiver {
  workspaceId: string;
  connectionId: string;
  connector: string;
  connectorHash: string;
  action: ActionDescription;
}

/** What became of a row that was read, as the ledger counts it. */
export type Fate = 'inserted' | 'updated' | 'unchanged' | 'superseded' | 'quarantined';

interface Item {
  row: Row;
  isNew: boolean;
  attempts: number;
}
/** Rows of one call, in its order. */
interface Call {
  actionRun: string;
  items: readonly Item[];
}

const CALLS_AT_ONCE = 8;
/** Longer ones hold no slot of a worker: the run waits on a timer. */
const LONGEST_WAIT_MS = 20_000;
/** The input or the provider's rules are at fault; anything else is not the row's doing. */
const OF_THE_ROW: readonly string[] = ['ACTION_REFUSED', 'VALIDATION_FAILED'] satisfies ErrorCode[];

/**
 * Hands rows to an action. Each version of a row is called once: what was called, is being called or was refused stands in control.reverse_row before the call
 * begins, and the effect ledger knows what became of it, whoever asks and whenever.
 */
export class HandOver {
  constructor(
    private readonly ports: ActionPorts,
    private readonly to: Receiver,
    private readonly stream: { ref: StreamRef; target: StreamTarget },
    private readonly signal: AbortSignal,
  ) {}

  /** No two rows of a key. Errors: RATE_LIMITED with the time to go on; those of the provider that are not a row's. */
  async rows(rows: readonly Row[]): Promise<Map<Row, Fate>> {
    const fates = new Map<Row, Fate>();
    const calls = await inTransaction(this.ports.pool, (tx) => this.decide(tx, rows, fates));
    await atOnce(CALLS_AT_ONCE, calls, (call) => this.finish(call, fates));
    return fates;
  }

  /** Which calls are to be made or waited for; the fate of all other rows. */
  private async decide(tx: Transaction, rows: readonly Row[], fates: Map<Row, Fate>): Promise<Call[]> {
    const { ref, target } = this.stream;
    await lockReverseRows(tx, ref);
    const found = await findReverseRows(tx, { ...ref, keys: rows.map(({ keyHash }) => keyHash) });
    const known = new Map(found.map((row) => [row.keyHash.toString('base64'), row]));
    const underWay = new Map<string, { row: Row; before: ReverseRow }[]>();
    const fresh: Item[] = [];
    const wrong: Item[] = [];
    for (const row of rows) {
      const before = known.get(row.keyHash.toString('base64'));
      const same = before?.digest.equals(row.digest) === true;
      const doubtful = before?.state === 'rejected' && before.reason === 'OUTCOME_UNKNOWN';
      if (before !== undefined && same && before.actionRun !== null && (before.state === 'calling' || doubtful))
        underWay.set(before.actionRun, [...(underWay.get(before.actionRun) ?? []), { row, before }]);
      else if (before !== undefined && same && before.state === 'called')
        fates.set(row, before.counted ? 'unchanged' : before.isNew ? 'inserted' : 'updated');
      else if (before !== undefined && !same && isOlder(row.cursor, before.cursor, target.cursorOrder))
        fates.set(row, 'superseded');
      else {
        const isNew = before === undefined || (before.isNew && before.state !== 'called');
        (row.wrong === null ? fresh : wrong).push({ row, isNew, attempts: same ? before.attempts + 1 : 1 });
      }
    }
    for (const { row } of wrong) fates.set(row, 'quarantined');
    await this.put(
      tx,
      wrong.map((item) => this.stored(item, null, 0)),
    );
    const calls = await this.begin(tx, cut(fresh, this.to.action.batch?.most ?? 1));
    const joined = [...underWay].map(([actionRun, members]) => ({
      actionRun,
      items: sparse(members.map(({ row, before }) => [before.item, { row, isNew: before.isNew, attempts: before.attempts }])),
    }));
    return [...calls, ...joined];
  }

  /** A call for each group, stored with its rows before it is made. */
  private async begin(tx: Transaction, groups: readonly (readonly Item[])[]): Promise<Call[]> {
    const calls: Call[] = [];
    for (const items of groups) {
      const id = randomUUID();
      const { workspaceId, connectionId, connector, connectorHash, action } = this.to;
      const text = stringifyJson(this.inputOf(items));
      await reserveActionRun(tx, {
        ...{ id, workspaceId, connectionId, connector, connectorHash, action: action.name },
        ...{ idempotencyKey: `reverse-${id}`, workflowId: actionWorkflowId(id) },
        requestHash: createHash('sha256').update(text).digest(),
        input: sealText(this.ports.secrets, this.to, text),
      });
      calls.push({ actionRun: id, items });
    }
    await this.put(
      tx,
      calls.flatMap(({ actionRun, items }) => items.map((item, index) => this.stored(item, actionRun, index))),
    );
    return calls;
  }

  private inputOf(items: readonly Item[]): JsonObject {
    const { batch } = this.to.action;
    const [first] = items;
    return batch === null && first !== undefined
      ? first.row.input
      : { [batch?.items ?? 'items']: items.map(({ row }) => row.input) };
  }

  private stored({ row, isNew, attempts }: Item, actionRun: string | null, item: number): NewReverseRow {
    const { keyHash, digest, cursor, wrong } = row;
    return {
      ...{ keyHash, digest, cursor, actionRun, item, isNew, attempts },
      ...{ state: wrong === null ? 'calling' : 'rejected', reason: wrong?.reason ?? null, field: wrong?.field ?? null },
      record: sealText(this.ports.secrets, this.to, stringifyJson(row.record)),
    };
  }

  private async put(tx: Transaction, rows: readonly NewReverseRow[]): Promise<void> {
    const { syncId, stream, runId, lane } = this.stream.ref;
    if (rows.length > 0) await putReverseRows(tx, { syncId, stream, runId, lane, rows });
  }

  /** Makes a call, or waits for it, and writes down what became of its rows. A call of many that is refused is halved. */
  private async finish(call: Call, fates: Map<Row, Fate>): Promise<void> {
    const run = await this.perform(call.actionRun);
    const items = call.items.filter((item): item is Item => item !== undefined);
    if (run.state === 'succeeded') return this.settle(call, items, fates, this.refusedItems(run));
    if (run.state === 'outcome_unknown')
      return this.settle(call, items, fates, () => ({ reason: 'OUTCOME_UNKNOWN', field: null }));
    const code = run.error?.code ?? 'INTERNAL';
    if (OF_THE_ROW.includes(code)) {
      const field = run.error?.errors?.[0]?.path ?? null;
      if (items.length === 1) return this.settle(call, items, fates, () => ({ reason: code, field }));
      const half = Math.ceil(items.length / 2);
      const halves = await inTransaction(this.ports.pool, (tx) => this.begin(tx, [items.slice(0, half), items.slice(half)]));
      for (const part of halves) await this.finish(part, fates);
      return;
    }
    // Nothing was done, and the rows are not at fault: whoever reads them again calls anew.
    await this.settle(call, items, new Map(), () => ({ reason: code, field: null }));
    throw new SluiceError(code, {
      ...(run.error?.detail === undefined ? {} : { detail: run.error.detail }),
      details: { ...run.error?.details, run: run.id },
    });
  }

  private async perform(runId: string): Promise<ActionRunRow> {
    for (;;) {
      const step = await performAction(this.ports, { runId, signal: this.signal });
      if (step.status === 'done') break;
      const wait = step.until - Date.now();
      if (wait > LONGEST_WAIT_MS)
        throw new SluiceError('RATE_LIMITED', { retryAt: step.until, detail: `${this.to.action.name}: the call waits` });
      await delay(Math.max(0, wait), undefined, { signal: this.signal });
    }
    const run = await getActionRun(this.ports.pool, { id: runId });
    if (run === null) throw new SluiceError('NOT_FOUND', { detail: 'the call of a row is gone' });
    return run;
  }

  /** By place in the call, why an item of a call that succeeded was refused. */
  private refusedItems(run: ActionRunRow): (item: number) => RowVerdict['rejected'] {
    const rejected = this.to.action.batch?.rejected;
    if (rejected == null || run.result === null) return () => null;
    let found: unknown = parseJson(openText(this.ports.secrets, run, run.result));
    for (const name of rejected.path) found = isObject(found) ? found[name] : undefined;
    const places = new Set((Array.isArray(found) ? found : []).map((one) => Number(isObject(one) ? one[rejected.index] : one)));
    return (item) => (places.has(item) ? { reason: 'ACTION_REFUSED', field: null } : null);
  }

  private async settle(
    { actionRun, items: places }: Call,
    items: readonly Item[],
    fates: Map<Row, Fate>,
    rejectedAt: (item: number) => RowVerdict['rejected'],
  ): Promise<void> {
    const verdicts = items.map((item) => ({
      item,
      keyHash: item.row.keyHash,
      actionRun,
      rejected: rejectedAt(places.indexOf(item)),
    }));
    await inTransaction(this.ports.pool, (tx) => settleReverseRows(tx, { ...this.stream.ref, verdicts }));
    for (const { item, rejected } of verdicts)
      fates.set(item.row, rejected !== null ? 'quarantined' : item.isNew ? 'inserted' : 'updated');
  }
}

function cut<T>(items: readonly T[], most: number): T[][] {
  const groups: T[][] = [];
  for (let from = 0; from < items.length; from += most) groups.push(items.slice(from, from + most));
  return groups;
}

/** Items at their places; a call whose other rows were read elsewhere has holes. */
function sparse(placed: readonly (readonly [number, Item])[]): Item[] {
  const items: Item[] = [];
  for (const [place, item] of placed) items[place] = item;
  return items;
}
