import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { caseFacts, caseNames, findCorpus } from './corpus.js';
import { conformanceOptions, USAGE } from './options.js';
import { playCase, type PlayedCase } from './play-case.js';
import { byComponent, componentTable } from './report.js';
import { runTemplateVector } from './template-vectors.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const SHOWN_DIFFERENCES = 3;
/** Every so many cases run in a process of their own, through bin/sluice: the others share this one, which is faster. */
const PROGRAM_EVERY = 10;

/** @returns the exit code */
async function main(): Promise<number> {
  let options;
  try {
    options = conformanceOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    return 2;
  }
  const corpus = findCorpus();
  const total = { passed: 0, failed: 0, skipped: 0 };
  let played: PlayedCase[] = [];
  if (corpus === undefined) {
    say('cases: skipped, there is no corpus beside this checkout (SLUICE_SHARED)');
    total.skipped += 1;
  } else {
    const cases = options.cases ?? join(corpus, 'cases');
    const all = caseNames(cases);
    const unknown = options.only.filter((name) => !all.includes(name));
    if (unknown.length > 0) {
      process.stderr.write(`no such case in ${cases}: ${unknown.join(', ')}\n`);
      return 2;
    }
    played = await playAll({ corpus, cases, names: options.only.length > 0 ? options.only : all, jobs: options.jobs });
    const failed = played.filter(({ differences }) => differences.length > 0);
    total.passed += played.length - failed.length;
    total.failed += failed.length;
    say(`\n${componentTable(byComponent(played, (name) => caseFacts(cases, name).component_types))}\n`);
    say(`cases: ${played.length - failed.length} passed, ${failed.length} failed`);
  }
  const vectors =
    options.only.length > 0 ? undefined : playVectors(options.templates ?? join(corpus ?? '', 'templates/golden.jsonl'));
  if (vectors !== undefined) for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += vectors[key];
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ total, cases: played, vectors }, null, 2)}\n`);
  say(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
  return total.failed === 0 ? 0 : 1;
}

async function playAll(request: {
  corpus: string;
  cases: string;
  names: readonly string[];
  jobs: number;
}): Promise<PlayedCase[]> {
  const { corpus, cases, names, jobs } = request;
  const waiting = names.map((name, index) => ({ name, program: index % PROGRAM_EVERY === 0 }));
  const played: PlayedCase[] = [];
  const player = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await playCase({ corpus, cases, ...next });
      played.push(result);
      const { differences } = result;
      say(differences.length === 0 ? `PASS ${next.name}` : `FAIL ${next.name}: ${differences.length} differences`);
      for (const difference of differences.slice(0, SHOWN_DIFFERENCES)) say(`     ${difference}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, player));
  return played.sort((a, b) => a.name.localeCompare(b.name));
}

function playVectors(file: string): { passed: number; failed: number; skipped: number } {
  if (!existsSync(file)) {
    say(`template vectors: skipped, there is no ${file}`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  let failed = 0;
  for (const line of lines) {
    const { ok, detail, template } = runTemplateVector(line);
    if (ok) continue;
    if (failed++ < 10) say(`FAIL ${template}: ${detail}`);
  }
  say(`template vectors: ${lines.length - failed} passed, ${failed} failed`);
  return { passed: lines.length - failed, failed, skipped: 0 };
}

process.exit(await main());
