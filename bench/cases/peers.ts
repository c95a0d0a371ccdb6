import { timestamp, TIES } from '../../apps/demo-shop/entities.js';
import type { Stack } from '../../libs/stack/index.js';
import type { Mode, SuiteOptions } from '../options.js';
import type { BenchCase } from './bench-case.js';
import { dltPeer } from './dlt.case.js';
import { startExport } from './export-server.js';
import { ingestrPeer } from './ingestr.case.js';
import type { Peer, PeerSetting } from './peer.js';
import { singerPeer } from './singer.case.js';
import { slingPeer } from './sling.case.js';

const PEERS: readonly Peer[] = [dltPeer, slingPeer, ingestrPeer, singerPeer];
export const PEER_NAMES = PEERS.map(({ name }) => name);

/** The cases of every peer that can be had; what is skipped is said. `close` when they have run. */
export async function openPeers(request: {
  rows: number;
  /** Of each peer, at most. */
  peerRows: SuiteOptions<'rest'>['peerRows'];
  modes: readonly Mode[];
  work: string;
  stack: Stack;
  say: (line: string) => void;
}): Promise<{ cases: BenchCase[]; close: () => void }> {
  const { rows, peerRows, stack, say } = request;
  const shop = { url: stack.shopUrl, apiKey: stack.shopApiKey };
  const paged = Math.min(rows, peerRows.paged);
  const file = Math.min(rows, peerRows.file);
  const server = await startExport({ events: rows, rows: file });
  const setting: PeerSetting = {
    ...{ modes: request.modes, work: request.work, databaseUrl: stack.warehouseUrl, shop, say },
    paged: { rows: Math.min(rows, Math.ceil(paged / TIES) * TIES), until: timestamp(Math.ceil(paged / TIES) - 1) },
    file: { rows: file, url: server.url },
  };
  const cases: BenchCase[] = [];
  try {
    for (const { name, find } of PEERS) {
      const found = await find(setting);
      if ('missing' in found) say(`${name}: skipped, ${found.missing}`);
      else cases.push(...found);
    }
  } catch (error) {
    server.close();
    throw error;
  }
  return { cases, close: () => server.close() };
}
