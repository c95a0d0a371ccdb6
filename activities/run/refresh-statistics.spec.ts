import { expect, it } from '@jest/globals';
import type { StreamRef, StreamTarget } from '../../libs/contracts/destination.port.js';
import { SluiceError } from '../../libs/errors/index.js';
import type { Db } from '../../libs/store/index.js';
import { refreshStatistics } from './refresh-statistics.js';

const ref: StreamRef = { installation: 'i', syncId: 's', stream: 'items', lane: 'live', runId: 'r', epoch: 1 };
const target = { namespace: 'public', table: 'items' } as StreamTarget;

function log() {
  const written: unknown[] = [];
  const pool = { query: async (_: string, values: unknown[]) => void written.push(values) } as unknown as Db;
  return { pool, written };
}

it('writes a warning into the run’s log, and fails nothing, where statistics cannot be refreshed', async () => {
  const { pool, written } = log();
  const refuse = async (): Promise<boolean> => {
    throw new SluiceError('DESTINATION_BUSY');
  };
  await refreshStatistics({ pool, destination: { refreshStatistics: refuse } }, { ref, target });
  expect(JSON.stringify(written)).toMatch(/stream\.statistics_stale.*items/);
});

it('says nothing where they were refreshed, or the destination has none', async () => {
  const { pool, written } = log();
  await refreshStatistics({ pool, destination: { refreshStatistics: async () => true } }, { ref, target });
  await refreshStatistics({ pool, destination: {} }, { ref, target });
  expect(written).toEqual([]);
});
