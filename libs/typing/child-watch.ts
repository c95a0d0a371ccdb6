import type { Contract } from '../contracts/schema-contract.js';
import { SCALAR, type ChildTable } from './child-tables.js';
import type { Column, ColumnType } from './column.js';
import { newFieldPolicy } from './contract.js';
import { ContractWatch, Unfit, type Wanted } from './contract-watch.js';
import { isPlain } from './type-of-value.js';
import { textOf } from './text-of.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * What the elements of one field's lists need of their table, and what the stream's contract says about it. The rows are made of the parent's list by the
 * destination, so what is left out of an element is left out of the list.
 */
export class ChildWatch {
  private readonly watch: ContractWatch;
  private readonly columns: ReadonlyMap<string, Column>;
  /** A list would bring the values into a column that comes later, where they need not fit. */
  private readonly leavesOutUnknown: boolean;

  constructor(
    private readonly child: ChildTable,
    contract: Contract,
  ) {
    this.watch = new ContractWatch({ columns: child.columns, contract });
    this.leavesOutUnknown = newFieldPolicy(contract) === 'discard_value';
    this.columns = new Map(child.columns.map((column) => [column.path[0] ?? '', column]));
  }

  get field(): string {
    return this.child.field;
  }
  /** Values left out so far. */
  get discarded(): number {
    return this.watch.discarded;
  }
  get wanted(): readonly Wanted[] {
    return [...this.watch.wanted.values()].map((want) => ({ ...want, child: this.field }));
  }

  /** The field's value as it is to be loaded: the very same where nothing is left out. Throws Unfit for the whole record, or SCHEMA_FROZEN. */
  fit(value: unknown): unknown {
    if (value === null || value === undefined) return value;
    if (!Array.isArray(value)) return this.noList(value);
    try {
      let fitted: unknown[] | undefined;
      for (const [n, element] of value.entries()) {
        const kept = this.fitElement(element);
        if (kept !== element) (fitted ??= [...(value as unknown[])])[n] = kept;
      }
      return fitted ?? value;
    } catch (error) {
      throw error instanceof Unfit ? new Unfit(error.reason, `${this.field}.${error.field ?? ''}`) : error;
    }
  }

  /** What is no list has no rows: it is a value that does not fit. */
  private noList(value: unknown): unknown {
    const list: Column = { name: this.field, path: [this.field], type: 'jsonb' };
    this.watch.misfit(list, value, value);
    return null;
  }

  private fitElement(element: unknown): unknown {
    const isObject = typeof element === 'object' && element !== null && !Array.isArray(element) && isPlain(element);
    const fields: Fields = isObject ? (element as Fields) : { [SCALAR]: element };
    let fitted: Record<string, unknown> | undefined;
    const unknown: string[] = [];
    for (const key of Object.keys(fields)) {
      const value = fields[key];
      const column = this.columns.get(key);
      if (column === undefined) unknown.push(key);
      else if (value !== null && value !== undefined && !fits(column.type, value)) {
        this.watch.misfit(column, value, element);
        (fitted ??= { ...fields })[key] = null;
      }
    }
    if (unknown.length > 0) this.watch.extra(fields);
    if (this.leavesOutUnknown) fitted = without(unknown, fields, fitted);
    if (fitted === undefined) return element;
    return isObject ? fitted : null;
  }
}

/** An element's fields but for `left`, where these are not null. `fitted`: the fields as they are to be loaded so far; undefined: as they came. */
function without(left: readonly string[], fields: Fields, fitted: Record<string, unknown> | undefined): typeof fitted {
  const gone = left.filter((key) => fields[key] !== null);
  if (gone.length === 0) return fitted;
  return Object.fromEntries(Object.entries(fitted ?? fields).filter(([key]) => !gone.includes(key)));
}

/** Digits as every destination reads them, also out of JSON. */
const PLAIN_NUMBER = /^[+-]?\d{1,400}(?:\.\d{1,400})?$/;
const NUMBERS: ReadonlySet<ColumnType> = new Set(['smallint', 'integer', 'bigint', 'numeric']);

/** Stricter than where the text itself is sent: the value is read out of JSON. */
function fits(type: ColumnType, value: unknown): boolean {
  if (type === 'jsonb') return true;
  if (typeof value === 'string' && NUMBERS.has(type) && !PLAIN_NUMBER.test(value)) return false;
  return textOf(type, value) !== undefined;
}
