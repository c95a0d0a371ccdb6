import type { HttpResponse } from '../../contracts/http.port.js';
import type { JsonSchema } from '../../contracts/json.js';
import type { SourceRecord } from '../../contracts/stream.js';
import { compileManifest } from '../compile-manifest.js';
import { createDeclarativeSource } from '../declarative-source.js';
import { recordsOf } from '../../pipeline/index.js';

/** Path → body; an object is sent as JSON. */
export type Answers = Readonly<Record<string, string | Buffer | object>>;

/** A source of one stream "s" whose API answers as told, for tests of what becomes of a body. */
export function openStream({ retriever, stream, answers }: { retriever: object; stream: object; answers: Answers }) {
  // A broken body would be asked for again, after a wait.
  const error_handler = { type: 'DefaultErrorHandler', max_retries: 0 };
  const requester = { type: 'HttpRequester', url_base: 'http://api.test', path: '/', error_handler };
  const model = compileManifest({
    version: '7.0.0',
    type: 'DeclarativeSource',
    check: { type: 'CheckStream', stream_names: ['s'] },
    streams: [
      { type: 'DeclarativeStream', name: 's', ...stream, retriever: { type: 'SimpleRetriever', requester, ...retriever } },
    ],
    spec: {
      type: 'Spec',
      connection_specification: { type: 'object', properties: { key: { type: 'string', airbyte_secret: true } } },
    },
  });
  const asked: string[] = [];
  const source = createDeclarativeSource({
    model,
    config: { key: 's3cr3t-key' },
    http: { send: async ({ url }) => (asked.push(new URL(url).pathname), answerOf(url, answers)) },
    now: () => 0,
  });
  const signal = new AbortController().signal;
  return {
    asked,
    async records(): Promise<SourceRecord[]> {
      const found: SourceRecord[] = [];
      const plan = await source.slices({
        stream: 's',
        state: null,
        now: new Date(0).toISOString(),
        incremental: false,
        after: null,
      });
      for (const slice of plan.slices)
        for await (const page of source.read({ stream: 's', slice, position: null, signal })) found.push(...recordsOf(page));
      return found;
    },
    async schema(): Promise<JsonSchema | undefined> {
      return (await source.discover()).streams[0]?.jsonSchema;
    },
  };
}

function answerOf(url: string, answers: Answers): HttpResponse {
  const answer = answers[new URL(url).pathname];
  const body = Buffer.isBuffer(answer) ? answer : Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer ?? {}));
  return { status: answer === undefined ? 404 : 200, headers: {}, body, url, bytes: body.length };
}
