import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributePair } from '@temporalio/common';

/** What a run is found by in Temporal's UI. A cluster that does not know them runs syncs all the same, only less findable. */
const SLUICE_SYNC = defineSearchAttributeKey('SluiceSync', SearchAttributeType.KEYWORD);
const SLUICE_CONNECTION = defineSearchAttributeKey('SluiceConnection', SearchAttributeType.KEYWORD);
const SLUICE_WORKSPACE = defineSearchAttributeKey('SluiceWorkspace', SearchAttributeType.KEYWORD);
export const SLUICE_STATUS = defineSearchAttributeKey('SluiceStatus', SearchAttributeType.KEYWORD);

export function runSearchAttributes(run: { syncId: string; connectionId: string; workspaceId: string }): SearchAttributePair[] {
  return [
    { key: SLUICE_SYNC, value: run.syncId },
    { key: SLUICE_CONNECTION, value: run.connectionId },
    { key: SLUICE_WORKSPACE, value: run.workspaceId },
    { key: SLUICE_STATUS, value: 'running' },
  ];
}
