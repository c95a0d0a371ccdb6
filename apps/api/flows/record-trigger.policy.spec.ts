import { expect, it } from '@jest/globals';
import type { SyncStream } from '../../../libs/contracts/sync-spec.schema.js';
import { WRITE_MODES, type WriteMode } from '../../../libs/contracts/write-mode.js';
import { recordTriggerErrors } from './record-trigger.policy.js';

type Change = 'inserted' | 'updated' | 'deleted';
const streams = (mode: WriteMode) => [{ name: 'orders', mode }] as SyncStream[];
const errors = (mode: WriteMode, changes: Change[] = ['inserted', 'updated'], { stream = 'orders', tells = true } = {}) =>
  recordTriggerErrors({ sync: 's', stream, changes }, { streams: streams(mode), tells }).map(({ path }) => path);

it('records of the modes that tell of them start flows', () => {
  expect(WRITE_MODES.filter((mode) => errors(mode).length === 0).toSorted()).toEqual([
    'full_refresh_append',
    'incremental_append',
    'incremental_upsert',
  ]);
  expect(errors('scd2')).toEqual(['/on/record/stream']);
  expect(errors('incremental_upsert', ['deleted'])).toEqual([]);
  expect(errors('incremental_append', ['updated', 'deleted'])).toEqual(['/on/record/changes']);
});

it('a stream that is not there, and a destination that does not tell, do not', () => {
  expect(errors('incremental_upsert', ['inserted'], { stream: 'lines' })).toEqual(['/on/record/stream']);
  expect(errors('incremental_upsert', ['inserted'], { tells: false })).toEqual(['/on/record/sync']);
});
