import { createReadStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { airbyteCdk, CDK_ENVIRONMENT } from './cases/cdk.js';
import { startBulkServer } from './connectors/bulk-server.js';
import type { ConnectorCase, SuiteOptions } from './options.js';
import { median, summarise, type BenchResult, type Measurement } from './results.js';
import { runChild } from './run-child.js';

/** As the manifest asks for it. */
const PAGE_SIZE = 1_000;
/** Of `sluice connector read`, before it asks for anything. */
const START_UP_LIMIT_S = 0.7;

interface Contestant {
  name: string;
  stream: ConnectorCase;
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** One manifest, read by bin/sluice and by Airbyte's CDK in turn, each as a program that writes its messages to a file. */
export async function connectorsSuite(setting: {
  options: SuiteOptions<'connectors'>;
  root: string;
  say: (line: string) => void;
}): Promise<BenchResult[]> {
  const { options, root, say } = setting;
  const work = join(root, '.sluice/bench-connectors');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const server = await startBulkServer({ rows: options.rows, pageSize: PAGE_SIZE });
  try {
    const config = join(work, 'config.json');
    writeFileSync(config, JSON.stringify({ base_url: server.url }));
    const manifest = join(root, 'bench/connectors/bulk.yaml');
    const files = { manifest, config, catalog: (stream: ConnectorCase) => writeCatalog(work, stream) };
    const contestants = [...own(root, files, options), ...(await peers(files, setting))];
    const measured = new Map<string, Measurement[]>(contestants.map(({ name }) => [name, []]));
    const starts: number[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      for (const contestant of contestants) {
        const measurement = await measure(contestant, { rows: options.rows, work });
        measured.get(contestant.name)?.push(measurement);
        const rate = Math.round(measurement.rows / measurement.seconds).toLocaleString('en-US');
        const took = `${rate.padStart(9)} rows/s  ${measurement.seconds.toFixed(1)} s`;
        say(`round ${round}/${options.rounds}  ${contestant.name.padEnd(20)} ${took}`);
      }
      starts.push(await startUp(root, files, work));
    }
    say(
      `start-up ${median(starts).toFixed(2)} s, slowest ${Math.max(...starts).toFixed(2)} s; it should be below ${START_UP_LIMIT_S} s`,
    );
    const baselines = Object.fromEntries(options.cases.map((name) => [name, [`cdk-${name}`]]));
    return summarise({ suite: options.suite, measured, baselines });
  } finally {
    server.close();
    rmSync(work, { recursive: true, force: true });
  }
}

interface Files {
  manifest: string;
  config: string;
  catalog: (stream: ConnectorCase) => string;
}

const own = (root: string, { manifest, config, catalog }: Files, { cases }: SuiteOptions<'connectors'>): Contestant[] =>
  cases.map((stream) => ({
    name: stream,
    stream,
    command: process.execPath,
    args: readCommand(root, { manifest, config, catalog: catalog(stream) }),
  }));

const readCommand = (root: string, files: Readonly<Record<'manifest' | 'config' | 'catalog', string>>): string[] => [
  ...[join(root, 'bin/sluice'), 'connector', 'read'],
  ...Object.entries(files).flatMap(([name, path]) => [`--${name}`, path]),
];

async function peers(
  { manifest, config, catalog }: Files,
  { options, say }: { options: SuiteOptions<'connectors'>; say: (line: string) => void },
): Promise<Contestant[]> {
  if (!options.peers) {
    say('airbyte-cdk: skipped, as asked');
    return [];
  }
  const found = await airbyteCdk(say);
  if ('missing' in found) {
    say(`airbyte-cdk: skipped, ${found.missing}`);
    return [];
  }
  return options.cases.map((stream) => ({
    name: `cdk-${stream}`,
    stream,
    command: found.program,
    args: ['read', '--manifest-path', manifest, '--config', config, '--catalog', catalog(stream)],
    env: CDK_ENVIRONMENT,
  }));
}

function writeCatalog(work: string, stream: ConnectorCase): string {
  const path = join(work, `${stream}.json`);
  const described = { name: stream, json_schema: { type: 'object' }, supported_sync_modes: ['full_refresh'] };
  const streams = [{ stream: described, sync_mode: 'full_refresh', destination_sync_mode: 'append' }];
  writeFileSync(path, JSON.stringify({ streams }));
  return path;
}

/** Seconds of a whole program that opens the source and reads no stream of it. */
async function startUp(root: string, { manifest, config }: Files, work: string): Promise<number> {
  const catalog = join(work, 'no-stream.json');
  writeFileSync(catalog, JSON.stringify({ streams: [] }));
  const started = performance.now();
  await runChild(process.execPath, readCommand(root, { manifest, config, catalog }));
  return (performance.now() - started) / 1_000;
}

/** A wrong result has no rate. */
async function measure(contestant: Contestant, { rows, work }: { rows: number; work: string }): Promise<Measurement> {
  const stdoutFile = join(work, 'messages.jsonl');
  const { command, args, env = {} } = contestant;
  const started = performance.now();
  const { peakMemoryMb } = await runChild(command, args, { stdoutFile, env });
  const seconds = (performance.now() - started) / 1_000;
  let records = 0;
  let transformed = 0;
  for await (const line of createInterface({ input: createReadStream(stdoutFile) })) {
    if (!line.startsWith('{"type":"RECORD"')) continue;
    records += 1;
    if (line.includes('"a":"item-')) transformed += 1;
  }
  const wanted = contestant.stream === 'bulk-transform' ? rows : 0;
  if (records !== rows || transformed !== wanted)
    throw new Error(`${contestant.name} gave ${records} records (${transformed} transformed) instead of ${rows} (${wanted})`);
  return { rows, seconds, peakMemoryMb };
}
