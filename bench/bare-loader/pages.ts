import { Pool } from 'undici';
import type { Job } from './job.js';

type Row = Record<string, unknown>;
interface Body {
  data: Row[];
  next_cursor?: string | null;
}

/** Requests that are under way while a page is encoded. */
const AHEAD = 2;

/** The pages of the source in order, the next ones under way while one is worked on. Any answer but 200 is the end of the benchmark. */
export async function* readPages({
  origin,
  path,
  headers,
  pagination,
  pageRows,
  totalRows,
}: Job['source']): AsyncGenerator<Row[]> {
  const pool = new Pool(origin, { connections: AHEAD, pipelining: 1 });
  const get = async (query: string): Promise<Body> => {
    const { statusCode, body } = await pool.request({ method: 'GET', path: `${path}?limit=${pageRows}${query}`, headers });
    if (statusCode !== 200) throw new Error(`the source answered ${statusCode}: ${(await body.text()).slice(0, 200)}`);
    return (await body.json()) as Body;
  };
  try {
    if (pagination === 'cursor') yield* byCursor(get);
    else yield* byOffset(get, pageRows, totalRows);
  } finally {
    await pool.destroy();
  }
}

/** The cursor of the next page stands in this one, so one request at a time; it is under way while this page is encoded. */
async function* byCursor(get: (query: string) => Promise<Body>): AsyncGenerator<Row[]> {
  let page: Body | null = await get('');
  while (page !== null) {
    const next: Promise<Body> | null = page.next_cursor ? get(`&cursor=${page.next_cursor}`) : null;
    next?.catch(() => undefined);
    yield page.data;
    page = await next;
  }
}

async function* byOffset(get: (query: string) => Promise<Body>, pageRows: number, totalRows: number): AsyncGenerator<Row[]> {
  const underWay: Promise<Body>[] = [];
  let offset = 0;
  const ask = (): void => {
    if (offset >= totalRows) return;
    const page = get(`&offset=${offset}`);
    page.catch(() => undefined);
    underWay.push(page);
    offset += pageRows;
  };
  for (let i = 0; i < AHEAD; i++) ask();
  for (let page = underWay.shift(); page !== undefined; page = underWay.shift()) {
    const { data } = await page;
    ask();
    yield data;
  }
}
