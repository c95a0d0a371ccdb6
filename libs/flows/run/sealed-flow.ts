import { openText, sealText, type SecretBox } from '../../secrets/index.js';
import { parseJson, stringifyJson } from '../../json/index.js';
import type { FlowRunRow } from '../../store/index.js';

type Owner = Pick<FlowRunRow, 'workspaceId' | 'flowId'>;
const ownerOf = ({ workspaceId, flowId }: Owner) => ({ workspaceId, connectionId: flowId });

/** Inputs, items and responses of a flow as they are stored: they hold personal data. */
export const sealValue = (box: SecretBox, owner: Owner, value: unknown): Buffer =>
  sealText(box, ownerOf(owner), stringifyJson(value));
/** With every digit. */
export const openValue = (box: SecretBox, owner: Owner, sealed: Buffer): unknown =>
  parseJson(openText(box, ownerOf(owner), sealed));
