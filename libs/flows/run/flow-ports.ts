import type { ActionPorts } from '../../actions/index.js';
import type { ConnectorCatalog } from '../../connections/index.js';
import type { FlowPrograms } from '../define/flow-program.js';

/** What runs of flows work with. */
export interface FlowPorts extends ActionPorts {
  catalog: Pick<ConnectorCatalog, 'checkInput' | 'describe' | 'undoing'>;
  programs: FlowPrograms;
  /** 0: when Temporal suggests it. */
  continueAfterEvents: number;
}
