import pg from 'pg';
import { sameValue } from './same-value.js';

export interface Comparison {
  /** Records that the source has. */
  source: number;
  /** Rows that the table has. */
  destination: number;
  /** Source records without a row. */
  lost: number;
  /** Rows beyond the first of their key. */
  duplicated: number;
  /** Rows whose content is not that of the source record with their key. */
  differing: number;
  /** Rows with a key that the source does not have. */
  unexpected: number;
  /** Up to ten keys of each finding, for the reader. */
  samples: { lost: number[]; duplicated: number[]; differing: number[]; unexpected: number[] };
}

export interface CompareRequest {
  databaseUrl: string;
  /** `schema.table`, both already valid identifiers. */
  schema: string;
  table: string;
  /** The source's records by ascending integer `id`. */
  expected: Iterable<Readonly<Record<string, unknown> & { id: number }>>;
}

const BATCH_ROWS = 5_000;
const SAMPLES = 10;

export const isRight = (result: Comparison): boolean =>
  result.lost + result.duplicated + result.differing + result.unexpected === 0;

/** Merges the table, ordered by id, with what the source has, value by value. Memory is flat: both sides are streamed. */
export async function compareTable({ databaseUrl, schema, table, expected }: CompareRequest): Promise<Comparison> {
  const client = new pg.Client({ connectionString: databaseUrl, options: '-c TimeZone=UTC' });
  client.on('error', () => {}); // the statement that meets it throws it
  await client.connect();
  try {
    await client.query('BEGIN TRANSACTION READ ONLY ISOLATION LEVEL REPEATABLE READ');
    await client.query(
      `DECLARE compared NO SCROLL CURSOR FOR SELECT * FROM ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)} ORDER BY id`,
    );
    return await merge(expected, rowsOf(client));
  } finally {
    await client.end();
  }
}

interface Row {
  id: number;
  values: readonly (string | null)[];
  fields: readonly pg.FieldDef[];
}

async function* rowsOf(client: pg.Client): AsyncGenerator<Row> {
  for (;;) {
    const result = await client.query<(string | null)[]>({
      text: `FETCH ${BATCH_ROWS} FROM compared`,
      rowMode: 'array',
      types: { getTypeParser: () => (text: unknown) => text },
    });
    const idAt = result.fields.findIndex((field) => field.name === 'id');
    for (const values of result.rows) yield { id: Number(values[idAt]), values, fields: result.fields };
    if (result.rows.length < BATCH_ROWS) return;
  }
}

async function merge(expected: CompareRequest['expected'], rows: AsyncGenerator<Row>): Promise<Comparison> {
  const result: Comparison = {
    source: 0,
    destination: 0,
    lost: 0,
    duplicated: 0,
    differing: 0,
    unexpected: 0,
    samples: { lost: [], duplicated: [], differing: [], unexpected: [] },
  };
  const note = (kind: keyof Comparison['samples'], id: number): void => {
    result[kind] += 1;
    if (result.samples[kind].length < SAMPLES) result.samples[kind].push(id);
  };
  const wanted = expected[Symbol.iterator]();
  const nextWanted = (): (Record<string, unknown> & { id: number }) | undefined => {
    const next = wanted.next();
    if (next.done) return undefined;
    result.source += 1;
    return next.value;
  };
  let record = nextWanted();
  let previous: number | undefined;
  for await (const row of rows) {
    result.destination += 1;
    if (row.id === previous) {
      note('duplicated', row.id);
      continue;
    }
    previous = row.id;
    while (record !== undefined && record.id < row.id) {
      note('lost', record.id);
      record = nextWanted();
    }
    if (record === undefined || record.id > row.id) {
      note('unexpected', row.id);
      continue;
    }
    if (!sameRow(record, row)) note('differing', row.id);
    record = nextWanted();
  }
  for (; record !== undefined; record = nextWanted()) note('lost', record.id);
  return result;
}

/** Every column of the row is a field of the record, and the other way round. */
function sameRow(record: Readonly<Record<string, unknown>>, row: Row): boolean {
  if (row.fields.length !== Object.keys(record).length) return false;
  return row.fields.every(
    (field, index) => field.name in record && sameValue(record[field.name], row.values[index] ?? null, field.dataTypeID),
  );
}
