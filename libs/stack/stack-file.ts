import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readText, writeAtomically } from './home.js';
import { end, stateOf, type ProcessIdentity } from './process-identity.js';

export interface RecordedService extends ProcessIdentity {
  name: string;
  /** Where it listens: `http://127.0.0.1:PORT`, or `127.0.0.1:PORT` for PostgreSQL and Temporal; empty until it is ready, and for workers. */
  address: string;
  log: string;
  stopSignal: NodeJS.Signals;
}

/** `home/stack.json` (mode 0600): what runs, for the CLI, and for the next start's sweep if this one dies. */
export interface StackFile {
  home: string;
  launcher: ProcessIdentity;
  /** Ends what a dead launcher left; itself swept by the next start. */
  reaper: ProcessIdentity | undefined;
  control: { address: string; token: string } | undefined;
  /** Addresses for people: API, its docs, Temporal's UI. */
  links: Record<string, string>;
  services: RecordedService[];
}

const pathOf = (home: string): string => join(home, 'stack.json');

export function readStackFile(home: string): StackFile | undefined {
  const text = readText(pathOf(home));
  return text === undefined ? undefined : (JSON.parse(text) as StackFile);
}

export const writeStackFile = (file: StackFile): void => writeAtomically(pathOf(file.home), `${JSON.stringify(file, null, 2)}\n`);

export const removeStackFile = (home: string): void => rmSync(pathOf(home), { force: true });

/** PostgreSQL and Temporal go last: what the apps still commit has somewhere to go. */
const isServer = (service: RecordedService): boolean => service.name === 'postgres' || service.name === 'temporal';

/** Ends services politely, apps before servers, and kills what is left: at most `appsMs + serversMs` and a moment. */
export async function endServices(
  services: readonly RecordedService[],
  graceMs: { apps: number; servers: number },
): Promise<void> {
  await Promise.all(
    services.filter((service) => !isServer(service)).map((service) => end(service, service.stopSignal, graceMs.apps)),
  );
  await Promise.all(services.filter(isServer).map((service) => end(service, service.stopSignal, graceMs.servers)));
}

/** Removes what a launcher that died left running. Pid and start time must agree: a stranger that got the pid later is left alone. @returns the names swept. */
export async function sweep(home: string): Promise<string[]> {
  const file = readStackFile(home);
  if (!file) return [];
  if (file.reaper) await end(file.reaper, 'SIGKILL', 1_000);
  const left = file.services.filter((service) => stateOf(service) !== 'gone');
  await endServices(left, { apps: 1_000, servers: 5_000 });
  removeStackFile(home);
  return left.map((service) => service.name);
}
