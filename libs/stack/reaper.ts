/**
 * A process of its own beside the launcher. PostgreSQL and Temporal watch no pipe, and a frozen app hears nothing: when the launcher goes away
 * without a word, this ends all it had started, within the 10 s that the launcher promises.
 */
import { endServices, type RecordedService } from './stack-file.js';

const GRACE_MS = { apps: 4_000, servers: 3_000 };

let services: RecordedService[] = [];
process.on('message', (message) => {
  services = message as RecordedService[];
});
process.on('disconnect', () => {
  void endServices(services, GRACE_MS).finally(() => process.exit(0));
});
// The launcher decides: a signal for the whole terminal is not for this one.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});
