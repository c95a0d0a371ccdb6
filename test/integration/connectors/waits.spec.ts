import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { compileManifest, createDeclarativeSource } from '../../../libs/connectors/index.js';
import { Answer } from '../../../libs/connectors/errors/answer.js';
import { nextWait } from '../../../libs/connectors/errors/next-wait.js';
import { FIRST_TRY } from '../../../libs/connectors/errors/retry.policy.js';
import { scopeOf } from '../../../libs/connectors/source/environment.js';
import type { HttpClient } from '../../../libs/contracts/http.port.js';
import type { JsonObject } from '../../../libs/contracts/json.js';
import type { Slice } from '../../../libs/contracts/stream.js';
import { SluiceError } from '../../../libs/errors/index.js';

interface Case {
  name: string;
  error_handler: JsonObject;
  config?: JsonObject;
  answers: { status: number; headers: Record<string, string>; body?: JsonObject }[];
  /** Seconds before each further try. */
  waits: number[];
  requests: number;
  /** What it failed with; null: the last answer was a good one. */
  end: string | null;
}

/**
 * What airbyte-cdk 7.39.1 hands to time.sleep between the tries of one request to a server that answers so; the clock stands at `NOW_MS`, and random.uniform
 * gives a quarter of its range. (In the cases of ten minutes the clock by which it gives up moves with each sleep.)
 */
const cases = JSON.parse(readFileSync(new URL('waits.oracle.json', import.meta.url), 'utf8')) as Case[];
const NOW_MS = 1_717_200_000_000;
const RANDOM = 0.25;

/** Where Sluice waits otherwise, on purpose. */
const OTHERWISE: Readonly<Record<string, number[]>> = {
  // The source's own word counts where no strategy reads it; Airbyte does not listen to it.
  'a header: a date': [9, 9],
  // The ten minutes begin with the first try; each of Airbyte's nested loops has a beginning of its own, and looks at its clock before a try only.
  'ten minutes: told waits count for the trouble around them': [1, 299, 299, 1],
};

function modelOf(errorHandler: JsonObject) {
  return compileManifest({
    ...{ version: '6.0.0', type: 'DeclarativeSource', check: { type: 'CheckStream', stream_names: ['s'] } },
    streams: [
      {
        ...{ type: 'DeclarativeStream', name: 's', schema_loader: { type: 'InlineSchemaLoader', schema: {} } },
        retriever: {
          type: 'SimpleRetriever',
          requester: { type: 'HttpRequester', url_base: 'http://127.0.0.1', path: '/x', error_handler: errorHandler },
          record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
        },
      },
    ],
    spec: { type: 'Spec', connection_specification: { type: 'object' } },
  });
}

function handlerOf(errorHandler: JsonObject) {
  const [stream] = modelOf(errorHandler).streams;
  if (stream === undefined) throw new Error('no stream');
  return stream.retriever.requester.errorHandler;
}

/** One request until it is answered or given up. */
function play({ error_handler, config = {}, answers }: Case): Pick<Case, 'waits' | 'requests' | 'end'> {
  const handler = handlerOf(error_handler);
  const scope = scopeOf(config, NOW_MS, null);
  const waits: number[] = [];
  let tries = FIRST_TRY;
  for (let requests = 1; ; requests++) {
    const { status, headers, body = {} } = answers[Math.min(requests, answers.length) - 1] as Case['answers'][number];
    const response = { status, headers, body: Buffer.from(JSON.stringify(body)), url: 'http://127.0.0.1/x', bytes: 0 };
    const answer = new Answer(response, requests);
    const { action, failure } = handler.resolve(answer, scope);
    if (action === 'SUCCESS') return { waits, requests, end: null };
    try {
      const next = nextWait({ handler, tries, answer, rateLimited: action === 'RATE_LIMITED', scope, random: () => RANDOM });
      if (next === null) return { waits, requests, end: failure };
      tries = next.tries;
      waits.push(next.waitMs / 1_000);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      return { waits, requests, end: String(error.details['failure_type']) };
    }
  }
}

describe('the waits between the tries of a request are those of Airbyte’s own engine', () => {
  it.each(cases.filter(({ name }) => !(name in OTHERWISE)))('$name', (played) => {
    const { waits, requests, end } = played;
    expect(play(played)).toEqual({ waits, requests, end });
  });

  it.each(cases.filter(({ name }) => name in OTHERWISE))('but for: $name', (played) => {
    const { name, waits, requests, end } = played;
    expect(play(played)).toEqual({ waits: OTHERWISE[name], requests, end });
    expect(OTHERWISE[name]).not.toEqual(waits);
  });
});

describe('a wait that is too long for a reader to hold', () => {
  it('ends the reading with the time at which it is over', async () => {
    const answered: number[] = [];
    const http: HttpClient = {
      async send({ url }) {
        answered.push(429);
        return { status: 429, headers: { 'x-wait': '20' }, body: Buffer.from('{}'), url, bytes: 2 };
      },
    };
    const strategy = { type: 'WaitTimeFromHeader', header: 'X-Wait' };
    const model = modelOf({ type: 'DefaultErrorHandler', backoff_strategies: [strategy] });
    const source = createDeclarativeSource({ model, config: {}, http, now: () => NOW_MS });
    const now = new Date(NOW_MS).toISOString();
    const { slices } = await source.slices({ stream: 's', state: null, now, incremental: false, after: null });
    const pages = source.read({ stream: 's', slice: slices[0] as Slice, position: null, signal: new AbortController().signal });
    const reading = (async () => {
      for await (const page of pages) throw new Error(`a page of ${page.format}`);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAt: NOW_MS + 21_000 });
    expect(answered).toEqual([429]);
    await source.close();
  });
});
