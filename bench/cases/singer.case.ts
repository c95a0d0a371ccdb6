import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from '../run-child.js';
import type { Peer, PeerSetting } from './peer.js';
import { programCase } from './program.case.js';
import { pythonEnvironment } from './python-environment.js';

const TAP = { name: 'tap-rest-api-msdk', version: '1.4.2' };
const TARGET = { name: 'meltanolabs-target-postgres', version: '0.8.1' };
/** Records from which the tap infers the schema. */
const INFERENCE_RECORDS = 50;

/** A Singer tap and target of the Meltano SDK, by a pipe; the target with COPY. The catalog is made before. */
export const singerPeer: Peer = {
  name: 'singer',
  async find(setting) {
    const { modes, work, paged, say } = setting;
    const bins: string[] = [];
    for (const { name, version } of [TAP, TARGET]) {
      const found = await pythonEnvironment({ name, version, requirements: [`${name}==${version}`], say });
      if ('missing' in found) return found;
      bins.push(found.bin);
    }
    const tap = join(bins[0] ?? '', 'tap-rest-api-msdk');
    const target = join(bins[1] ?? '', 'target-postgres');
    const folder = join(work, 'singer');
    const file = (name: string) => join(folder, `${name}.json`);
    return modes.map((mode) =>
      programCase({
        ...{ peer: 'singer', mode, rows: paged.rows, folder },
        async prepare(schema) {
          mkdirSync(folder, { recursive: true });
          writeFileSync(file('tap'), JSON.stringify(tapConfig(setting)));
          const { stdout } = await runChild(tap, ['--config', file('tap'), '--discover']);
          writeFileSync(file('catalog'), stdout);
          const loading = { load_method: mode === 'append' ? 'append-only' : 'upsert', use_copy: true };
          writeFileSync(file('target'), JSON.stringify({ ...warehouseOf(setting), default_target_schema: schema, ...loading }));
        },
        command: () => ({
          program: 'bash',
          args: [
            '-c',
            'set -o pipefail; "$0" --config "$1" --catalog "$2" | "$3" --config "$4"',
            ...[tap, file('tap'), file('catalog'), target, file('target')],
          ],
        }),
      }),
    );
  },
};

const tapConfig = ({ shop, paged }: PeerSetting) => ({
  api_url: shop.url,
  headers: { 'X-Api-Key': shop.apiKey },
  pagination_request_style: 'jsonpath_paginator',
  pagination_response_style: 'default',
  next_page_token_path: '$.next_cursor',
  pagination_next_page_param: 'cursor',
  streams: [
    {
      name: 'events',
      path: '/shop/events',
      records_path: '$.data[*]',
      primary_keys: ['id'],
      num_inference_records: INFERENCE_RECORDS,
      params: { limit: 1_000, updated_until: paged.until },
    },
  ],
  flattening_enabled: false,
});

function warehouseOf({ databaseUrl }: PeerSetting) {
  const url = new URL(databaseUrl);
  return {
    host: url.hostname,
    port: Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
    batch_size_rows: 10_000,
  };
}
