import type { BudgetGate } from '../../../libs/contracts/budget.port.js';
import type { JsonObject } from '../../../libs/contracts/json.js';
import type { Source } from '../../../libs/contracts/source.port.js';
import { readVersion } from '../../../libs/config/version.js';
import { compileManifestText, createDeclarativeSource } from '../../../libs/connectors/index.js';
import { Egress, EgressAllowList } from '../../../libs/egress/index.js';
import { loopbackTargets } from './loopback-targets.js';

/** A person's own calls: nobody shares an allowance with them. */
const freeGate: BudgetGate = { acquire: async () => ({ settle: async () => undefined }) };

export interface SourceInputs {
  manifestText: string;
  configText: string;
  config: JsonObject;
  /** Further private targets, as host:port. */
  allow: readonly string[];
  /** ms since the epoch. */
  now: () => number;
  log: (line: string) => void;
}

/** A manifest that can be read without a control plane: no shared budget, credentials live as long as the process. */
export function openSource({ manifestText, configText, config, allow, now, log }: SourceInputs): {
  source: Source;
  close: () => Promise<void>;
} {
  const { model } = compileManifestText(manifestText);
  const named = loopbackTargets(manifestText, configText);
  if (named.length > 0) log(`allowed, since the manifest or the config names them: ${named.join(', ')}`);
  const egress = new Egress({
    allow: EgressAllowList.empty.with(...allow, ...named),
    gate: freeGate,
    version: readVersion(),
  });
  const http = egress.client({
    account: { workspaceId: 'cli', host: 'cli', account: 'cli', limits: [] },
    class: 'batch',
  });
  try {
    const source = createDeclarativeSource({ model, config, http, now });
    return {
      source,
      close: async () => {
        await source.close();
        await egress.close();
      },
    };
  } catch (error) {
    void egress.close();
    throw error;
  }
}
