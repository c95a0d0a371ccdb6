import { setTimeout as delay } from 'node:timers/promises';
import type { FindingView, VerificationView } from '../../libs/contracts/verification.schema.js';
import { ApiClient } from './api-client.js';

export interface VerifyOptions {
  source?: boolean;
  repair?: boolean;
  stream?: readonly string[];
  json?: boolean;
  url?: string;
}

const POLL_MS = 250;
/** Shown at the end; --json gives all. */
const SHOWN = 50;

/** Asks for a verification, waits for it and says what was found. @returns the exit code: 0 nothing was found (or all of it was repaired), 1 otherwise. */
export async function verify(sync: string, options: VerifyOptions, print: (line: string) => void): Promise<number> {
  const api = ApiClient.fromEnvironment(options.url);
  const repair = options.repair ?? false;
  const body = { source: repair || (options.source ?? false), repair, ...(options.stream && { streams: options.stream }) };
  let seen = await api.call<VerificationView>('POST', `/v1/syncs/${encodeURIComponent(sync)}:verify`, body);
  while (seen.state === 'running') {
    await delay(POLL_MS);
    seen = await api.call<VerificationView>('GET', `/v1/verifications/${seen.id}`);
  }
  const findings = await allFindings(api, seen.id, options.json === true ? Infinity : SHOWN);
  if (options.json === true) print(JSON.stringify({ ...seen, findings }, null, 2));
  else for (const line of [...summary(seen), ...findings.map(findingLine), ...more(seen, findings.length)]) print(line);
  const open = seen.findings - seen.streams.reduce((sum, { repaired }) => sum + repaired, 0);
  return seen.state === 'succeeded' && open === 0 ? 0 : 1;
}

async function allFindings(api: ApiClient, id: string, most: number): Promise<FindingView[]> {
  const all: FindingView[] = [];
  for (let cursor: string | null = ''; cursor !== null && all.length < most;) {
    const query = `?limit=1000${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const page: { data: FindingView[]; next_cursor: string | null } = await api.call(
      'GET',
      `/v1/verifications/${id}/findings${query}`,
    );
    all.push(...page.data);
    cursor = page.next_cursor;
  }
  return all.slice(0, most);
}

function* summary({ streams, error }: VerificationView): Generator<string> {
  if (error !== null) yield `failed: ${error.code}: ${error.title}. ${error.next}`;
  for (const { name, state, rows, records, found, repaired, notes, error: why } of streams) {
    const counts = Object.entries(found).map(([kind, n]) => `${n} ${kind}`);
    const against = records === null ? '' : ` against ${records} records of the source`;
    if (state === 'verified')
      yield `${name}: ${rows ?? 0} rows${against}: ${counts.length === 0 ? 'right' : counts.join(', ')}${repaired > 0 ? `; ${repaired} repaired` : ''}`;
    else yield `${name}: not verified${why === null ? '' : `: ${why.code}: ${why.detail ?? why.title}. ${why.next}`}`;
    for (const note of notes) yield `  ${note}`;
  }
}

function findingLine({ stream, kind, key, columns, detail, outcome }: FindingView): string {
  const named = key === null ? '' : ` ${JSON.stringify(key)}`;
  const where = columns.length === 0 ? '' : ` (${columns.join(', ')})`;
  return `  ${stream}: ${kind}${named}${where}${detail === null ? '' : `: ${detail}`}${outcome === null ? '' : ` [${outcome}]`}`;
}

const more = ({ findings }: VerificationView, shown: number): string[] =>
  findings > shown ? [`  … ${findings - shown} more; --json names up to 10,000 a stream`] : [];
