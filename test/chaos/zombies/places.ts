import type { Entity } from '../../../apps/demo-shop/entities.js';
import type { WriteMode } from '../../../libs/contracts/write-mode.js';
import type { WriterSession } from '../warehouse.js';

/** Where in its work a writer is frozen. Each has a stream and a sync of its own, so that one SIGSTOP can hit all three. */
export interface Place {
  name: string;
  mode: WriteMode;
  entity: Entity;
  /** Whether a writer with these server processes is there now. */
  isAt(sessions: readonly WriterSession[], table: string): boolean;
  /** It is brought there by holding the stream: chunk n waits in its commit, while chunk n+1 has been copied and waits for n. */
  needsHold: boolean;
}

/** The server has taken all that was sent and waits for more: as long as the client is frozen nothing can change that. */
const isCopying = ({ state, query, wait_event }: WriterSession): boolean =>
  state === 'active' && /\bCOPY\b/.test(query) && wait_event === 'ClientRead';
const hasCopied = ({ state, query }: WriterSession): boolean => state === 'idle in transaction' && /\bCOPY\b/.test(query);
export const waitsForLock = ({ state, wait_event_type }: WriterSession): boolean =>
  state === 'active' && wait_event_type === 'Lock';

export const PLACES: readonly Place[] = [
  {
    name: 'inside COPY',
    mode: 'incremental_upsert',
    entity: 'orders',
    isAt: (sessions, table) => sessions.some((session) => isCopying(session) && !session.query.includes(`"${table}"`)),
    needsHold: false,
  },
  {
    name: 'between COPY and merge',
    mode: 'incremental_upsert',
    entity: 'order_items',
    isAt: (sessions) => sessions.some(waitsForLock) && sessions.some(hasCopied),
    needsHold: true,
  },
  {
    name: 'inside a direct append COPY',
    mode: 'incremental_append',
    entity: 'events',
    isAt: (sessions, table) => sessions.some((session) => isCopying(session) && session.query.includes(`"${table}"`)),
    needsHold: false,
  },
];
