import type { RestClient } from '../rest-client.js';
import type { DemoSystems } from './demo-systems.js';
import type { FlowName } from './example-flows.js';

/** What scenarios are played in: a running Sluice, reached by its REST API, and the systems around it. */
export interface ScenarioWorld {
  rest: RestClient;
  systems: DemoSystems;
  /** The flows of examples/flows, by id; all of them are there all the time, as in a company. */
  flows: Readonly<Record<FlowName, string>>;
  warehouse: {
    /** Id of its connection. */
    connection: string;
    query: (sql: string) => Promise<Record<string, unknown>[]>;
  };
  /** kill -9 of every process that may be calling another system, and others in their place; tells what was killed. */
  killCallers: () => Promise<string>;
  say: (line: string) => void;
}

/** Something that has to be so, and whether it is. */
export interface Claim {
  says: string;
  right: boolean;
}

export interface Scenario {
  title: string;
  play: (world: ScenarioWorld) => Promise<{ claims: Claim[]; workflows: string[] }>;
}
