import type { HttpClient, HttpRequest } from '../../../libs/contracts/http.port.js';

const DAY = (n: number): string => `2024-03-${String(n).padStart(2, '0')}T00:00:00Z`;

/** The API that incremental.oracle.json was recorded against, without the network: parents, a feed, a counter, and three records of anything else. */
export function familyHttp(): HttpClient {
  return {
    async send({ url }: HttpRequest) {
      const body = Buffer.from(answer(new URL(url)));
      return { status: 200, headers: { 'content-type': 'application/json' }, body, url, bytes: body.length };
    },
  };
}

function answer({ pathname, searchParams }: URL): string {
  const query = Object.fromEntries(searchParams);
  const path = pathname.split('/').filter((part) => part !== '');
  switch (path[0]) {
    case 'parents':
      return data([1, 2, 3, 2, 4].map(parent).filter(({ at }) => at >= (query['since'] ?? '')));
    case 'big':
      return `{"data":[{"id":9007199254740993,"at":"${DAY(4)}"},{"id":0,"at":"${DAY(5)}"},{"id":null},{"id":"","at":"${DAY(6)}"}]}`;
    case 'feed': {
      const first = Number(query['page'] ?? 0) * 3;
      return data([first, first + 1, first + 2].filter((id) => id < 30).map((id) => ({ id, at: DAY(31 - id) })));
    }
    case 'counts': {
      const first = Math.trunc(Number(query['start'] ?? 0));
      return data([first, first + 1, first + 2, first + 3].map((n) => ({ id: n, n })));
    }
    default: {
      const { from, to = '9' } = query;
      const within = (at: string) =>
        from === undefined || (from.slice(0, 10) <= at.slice(0, 10) && at.slice(0, 10) <= to.slice(0, 10));
      return data(
        [5, 15, 25].map((day) => ({ id: `${path.join('-')}-${day}`, at: DAY(day + 1), q: query })).filter(({ at }) => within(at)),
      );
    }
  }
}

const data = (records: readonly object[]): string => JSON.stringify({ data: records });
const parent = (id: number) => ({
  id,
  name: `p${id}`,
  nested: { key: `k${id}` },
  kids: { data: [{ id: `${id}-a`, at: DAY(id + 1) }] },
  at: DAY(id * 3 + 1),
});
