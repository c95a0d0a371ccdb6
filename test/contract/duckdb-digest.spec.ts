import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { DIGESTS } from '../../libs/destinations/duckdb/row-digest.js';
import { DUCKDB_TYPES } from '../../libs/destinations/duckdb/types.js';
import type { Column } from '../../libs/typing/index.js';
import { DIGESTED, digestContract } from './destination-digest.contract.js';
import { duckdbWorld } from './duckdb-world.js';

digestContract(
  async () => {
    const own = await duckdbWorld();
    return { ...own, run: (sql: string) => own.sql(sql) };
  },
  { rowId: 'rowid' },
);

describe('a digest', () => {
  const VALUES: Readonly<Record<Column['type'], readonly string[]>> = { ...DIGESTED, bytea: ['\\x00', '\\x00\\x01'] };
  const digests = async (session: DuckDBConnection, { name, type }: Omit<Column, 'path'>): Promise<string[]> => {
    const values = VALUES[type].map((value) => `('${value}'::${DUCKDB_TYPES[type]})`).join(', ');
    const digest = DIGESTS.rowDigest([{ name, path: [name], type }], () => 'v');
    const rows = await session.runAndReadAll(`SELECT (${digest})::VARCHAR FROM (VALUES ${values}, (NULL)) AS x (v)`);
    return rows.getRows().map(([text]) => String(text));
  };

  it('is another one for every value and every column, and the same whatever the session’s settings are', async () => {
    const session = await (await DuckDBInstance.create(':memory:')).connect();
    await session.run(`SET TimeZone = 'UTC'`);
    const types = Object.keys(VALUES) as Column['type'][];
    const plain = new Map<string, string[]>();
    for (const type of types) {
      const own = await digests(session, { name: 'c', type });
      plain.set(type, own);
      expect({ type, different: new Set(own).size }).toEqual({ type, different: VALUES[type].length + 1 });
      const other = await digests(session, { name: 'd', type });
      expect(other.slice(0, -1).filter((digest) => own.includes(digest))).toEqual([]);
    }
    await session.run(`SET TimeZone = 'America/St_Johns'; SET Calendar = 'japanese'`);
    for (const type of types)
      expect({ type, digests: await digests(session, { name: 'c', type }) }).toEqual({ type, digests: plain.get(type) });
    session.closeSync();
  });

  it('stays what it is from version to version', async () => {
    const session = await (await DuckDBInstance.create(':memory:')).connect();
    const md5 = (text: string): string => String(createHash('md5').update(text).digest().readBigUInt64LE(8) >> 1n);
    const wanted = VALUES.bigint.map((value) => md5(`1 c ${value} `));
    expect(await digests(session, { name: 'c', type: 'bigint' })).toEqual([...wanted, md5('')]);
    expect(await digests(session, { name: 'c', type: 'text' })).toEqual([
      ...['0 ', '1 a', '2 a '].map((value) => md5(`1 c ${value} `)),
      md5(''),
    ]);
    session.closeSync();
  });

  it('can be made of as many columns as a table may have', async () => {
    const session = await (await DuckDBInstance.create(':memory:')).connect();
    const columns = Array.from({ length: 1_590 }, (_, n): Column => ({ name: `column ${n}`, path: [`${n}`], type: 'bigint' }));
    const rows = await session.runAndReadAll(
      `SELECT ${DIGESTS.rowDigest(columns, () => 'v')} <> 0 FROM (VALUES (7::BIGINT)) AS x (v)`,
    );
    expect(rows.getRows()).toEqual([[true]]);
    session.closeSync();
  });
});
