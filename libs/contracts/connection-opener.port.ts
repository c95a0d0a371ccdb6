import type { Actions } from './action.port.js';
import type { BudgetShare } from './budget.port.js';
import type { Destination } from './destination.port.js';
import type { JsonObject } from './json.js';
import type { Source } from './source.port.js';

/** Makes connections usable: reads configuration and credentials afresh, and builds the adapter of their connector. Close what was opened. */
export interface ConnectionOpener {
  /**
   * `manifest`: the one to read with, where a run has pinned it; default: the connector's current one, which comes back to be pinned. `share`: whose part of the budget the calls use.
   * Errors: NOT_FOUND, CONFIG_INVALID, MANIFEST_INVALID, MANIFEST_UNSUPPORTED.
   */
  openSource(request: {
    workspaceId: string;
    connectionId: string;
    manifest?: JsonObject;
    share?: BudgetShare;
  }): Promise<{ source: Source; manifest: JsonObject | null }>;
  /** The actions of a version of the connection's connector. Errors: as openSource. */
  openActions(request: { workspaceId: string; connectionId: string; version: string }): Promise<Actions>;
  /** Errors: NOT_FOUND, CONFIG_INVALID. */
  openDestination(request: { workspaceId: string; connectionId: string }): Promise<Destination>;
}
