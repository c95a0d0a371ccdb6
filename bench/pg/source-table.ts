import pg from 'pg';

/** What all cases read: twelve columns, about 375 bytes of JSON a row. */
export const TABLE = 'items';
const COLUMNS = `id bigint PRIMARY KEY, reference text NOT NULL, name text, email text, amount numeric, quantity bigint, active boolean, verified boolean,
  created_at timestamptz, updated_at timestamptz NOT NULL, address jsonb, tags jsonb`;

/** The same columns for those who load by themselves. */
export const columnsWith = ({ key }: { key: boolean }): string => (key ? COLUMNS : COLUMNS.replace(' PRIMARY KEY', ''));

/** A database beside the warehouse, with its table filled, analysed and in memory. Returns its URL. */
export async function createSource(warehouseUrl: string, rows: number): Promise<string> {
  const url = new URL(warehouseUrl);
  url.pathname = '/bench_source';
  await withClient(warehouseUrl, (client) => client.query('CREATE DATABASE bench_source'));
  await withClient(url.href, async (client) => {
    await client.query(`CREATE TABLE ${TABLE} (${COLUMNS})`);
    await client.query(
      `INSERT INTO ${TABLE} SELECT n, 'ref-' || md5(n::text), 'Name ' || n, 'person' || n || '@example.com', round(n / 100.0, 2), n % 100, n % 2 = 0, n % 3 = 0,
         timestamptz '2024-01-01' + n * interval '1 second', timestamptz '2025-01-01' + n * interval '1 second',
         jsonb_build_object('street', 'Main Street ' || n, 'city', 'Springfield', 'zip', lpad((n % 99999)::text, 5, '0')), jsonb_build_array('a', 'tag-' || n % 10)
       FROM generate_series(1, $1::int) n`,
      [rows],
    );
    await client.query(`CREATE INDEX ON ${TABLE} (updated_at)`);
    await client.query(`VACUUM ANALYZE ${TABLE}`);
    await client.query('CHECKPOINT');
  });
  return url.href;
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
