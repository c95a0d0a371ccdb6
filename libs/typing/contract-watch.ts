import { SluiceError } from '../errors/index.js';
import { pathKey, type Column, type ColumnType } from './column.js';
import type { Nesting } from '../contracts/nesting.js';
import type { Contract } from '../contracts/schema-contract.js';
import { conflictPolicy, newFieldPolicy } from './contract.js';
import { eachField } from './flatten.js';
import { typeFor, typeOfValue } from './type-of-value.js';
import { keepsOrder, widen } from './widen.js';

/** Why a record is kept aside. */
export type UnfitReason =
  | 'null_key'
  | 'null_cursor'
  | 'key_too_long'
  | 'nul_character'
  | 'lone_surrogate'
  | 'too_deep'
  | 'type_conflict'
  | 'new_field'
  | 'too_many_fields'
  | 'empty_record';

/** Thrown out of an encoder by a record that goes to quarantine. */
export class Unfit extends Error {
  constructor(
    readonly reason: UnfitReason,
    readonly field: string | null = null,
  ) {
    super(reason);
  }
}

/** A column that the records need: a new one, or a wider type of one that is there. */
export interface Wanted {
  path: readonly string[];
  type: ColumnType;
  /** In the child table of this field; absent: in the stream's own. */
  child?: string;
}

/** A table does not grow beyond so many columns by itself: fields that are ids would make one for each. */
export const MAX_GROWN_COLUMNS = 1_000;

export interface WatchOptions {
  columns: readonly Column[];
  contract: Contract;
  /** Columns of the key and the cursor: they cannot be empty, and change only where their order stays. */
  fixed?: readonly string[];
  /** The sync names what it loads: no other field is looked at. */
  fields?: readonly string[] | undefined;
  /** Nobody asks for fields without a column. */
  closed?: boolean;
  nested?: Nesting | undefined;
}

/** What a writer meets of values and fields that do not fit its columns, and what its contract says about each. Nothing here is on the path of what fits. */
export class ContractWatch {
  /** By pathKey; what the table must become before these records are sent. */
  readonly wanted = new Map<string, Wanted>();
  /** Values left out, of records that are loaded. */
  discarded = 0;
  readonly watchesFields: boolean;
  /** Fields are counted inside objects too. */
  readonly flattens: boolean;
  private readonly fields: ReadonlySet<string> | null;
  private readonly known: ReadonlySet<string>;
  private lastRecord: unknown;
  private ofLastRecord = 0;

  constructor(private readonly options: WatchOptions) {
    this.flattens = options.nested === 'flatten';
    this.watchesFields = options.closed !== true && (options.fields === undefined || this.flattens);
    this.fields = options.fields === undefined ? null : new Set(options.fields);
    this.known = new Set(options.columns.map(({ path }) => pathKey(path)));
  }

  /** A value that does not fit. Returns where the column is to be empty instead; throws Unfit or SCHEMA_FROZEN. */
  misfit(column: Column, value: unknown, record: unknown): void {
    const { contract, fixed = [] } = this.options;
    const field = fieldOf(column.path);
    const policy = conflictPolicy(contract, column);
    const isFixed = fixed.includes(column.name);
    switch (policy) {
      case 'freeze':
        throw frozen(`a value of the field ${field} does not fit the column ${column.name} of type ${column.type}`);
      case 'discard_value':
        if (isFixed) break;
        return this.discard(record);
      case 'evolve': {
        const type = column.provisional === true ? typeOfValue(value) : typeFor(column.type, value);
        // Columns that somebody else made are not ours to change.
        if (type === null || (type === column.type && column.provisional !== true) || column.theirs === true) break;
        if (isFixed && column.provisional !== true && !keepsOrder(column.type, type)) break;
        return this.want(column.path, type);
      }
      case 'quarantine':
        break;
    }
    throw new Unfit('type_conflict', field);
  }

  /** Whether the field is to be left out where it holds what no column can. Throws SCHEMA_FROZEN. */
  leavesOut(column: Column, record: unknown): boolean {
    const policy = conflictPolicy(this.options.contract, column);
    if (policy === 'freeze') throw frozen(`a value of the field ${fieldOf(column.path)} holds what no column can hold`);
    if (policy !== 'discard_value' || this.options.fixed?.includes(column.name)) return false;
    this.discard(record);
    return true;
  }

  /** A record that has, or may have, fields without a column. Throws Unfit or SCHEMA_FROZEN. */
  extra(record: Readonly<Record<string, unknown>>): void {
    const visit = (path: readonly string[], value: unknown): void => {
      if (value === undefined || this.known.has(pathKey(path)) || this.fields?.has(path[0] ?? '') === false) return;
      this.newField(path, value, record);
    };
    if (this.flattens) eachField(record, visit);
    else for (const key of Object.keys(record)) visit([key], record[key]);
  }

  private newField(path: readonly string[], value: unknown, record: unknown): void {
    switch (newFieldPolicy(this.options.contract)) {
      case 'freeze':
        throw frozen(`the field ${fieldOf(path)} is new`);
      case 'discard_value':
        if (value !== null) this.discard(record);
        return;
      case 'quarantine':
        throw new Unfit('new_field', fieldOf(path));
      case 'evolve': {
        const type = typeOfValue(value);
        if (type === null) return;
        const isNew = !this.wanted.has(pathKey(path));
        if (isNew && this.known.size + this.wanted.size >= MAX_GROWN_COLUMNS) throw new Unfit('too_many_fields', fieldOf(path));
        this.want(path, type);
      }
    }
  }

  /** Whether a field without a column changes nothing but, where it is not null, the count of what is left out. */
  passesOver(isNull: boolean): boolean {
    const policy = newFieldPolicy(this.options.contract);
    return policy === 'discard_value' || (isNull && policy === 'evolve');
  }

  /** What was left out of the record so far does not count: it is not loaded after all, or looked at anew. */
  forget(record: unknown): void {
    this.backTo(record === this.lastRecord ? this.discarded - this.ofLastRecord : this.discarded);
  }

  /** What was left out since `discarded` had this value does not count. */
  backTo(discarded: number): void {
    this.discarded = discarded;
    this.lastRecord = undefined;
  }

  private want(path: readonly string[], type: ColumnType): void {
    const key = pathKey(path);
    const before = this.wanted.get(key);
    this.wanted.set(key, { path, type: before === undefined ? type : widen(before.type, type) });
  }

  private discard(record: unknown): void {
    if (record !== this.lastRecord) this.ofLastRecord = 0;
    this.lastRecord = record;
    this.ofLastRecord += 1;
    this.discarded += 1;
  }
}

/** A path as people read it. */
export const fieldOf = (path: readonly string[]): string => path.join('.');

const frozen = (detail: string): SluiceError => new SluiceError('SCHEMA_FROZEN', { detail });
