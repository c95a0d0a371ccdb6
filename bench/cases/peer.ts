import type { Mode } from '../options.js';
import type { BenchCase } from './bench-case.js';

/** What every peer is measured with. */
export interface PeerSetting {
  modes: readonly Mode[];
  /** A folder of the suite's own. */
  work: string;
  databaseUrl: string;
  shop: { url: string; apiKey: string };
  /** For those who read the shop: its first records, with all of the last moment. */
  paged: { rows: number; until: string };
  /** For those who have no paged REST source that runs without an account: records as one JSONL download. */
  file: { rows: number; url: string };
  say: (line: string) => void;
}

/** Another tool: its cases, or why it cannot be measured here. */
export interface Peer {
  name: string;
  find: (setting: PeerSetting) => Promise<BenchCase[] | { missing: string }>;
}
