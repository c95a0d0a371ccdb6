import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { RestClient } from '../rest-client.js';
import type { DemoSystems } from './demo-systems.js';

const NAMES = ['checkout', 'inquiry-to-ticket', 'employee-to-payroll', 'sale-to-books'] as const;
export type FlowName = (typeof NAMES)[number];

/** The text of a flow of examples/flows. */
export const exampleFlow = (name: string): string => readFileSync(`examples/flows/${name}.yaml`, 'utf8');

/** Stores the flows of examples/flows, over these connections; their ids. */
export async function addExampleFlows(
  rest: RestClient,
  { connections }: DemoSystems,
  suffix = '',
): Promise<Record<FlowName, string>> {
  const ids = {} as Record<FlowName, string>;
  for (const name of NAMES) {
    const named = parse(exampleFlow(name), (key: unknown, value: unknown) =>
      key === 'connection' ? (connections as Record<string, string>)[String(value)] : value,
    ) as { name: string };
    const flow = { ...named, name: `${named.name}${suffix}` };
    ids[name] = (await rest.post<{ id: string }>('/v1/flows', flow)).id;
  }
  return ids;
}
