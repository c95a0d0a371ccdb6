import type { PlayedCase } from './play-case.js';

/** How the cases that use a component fared. */
export interface ComponentRow {
  component: string;
  passed: number;
  failed: number;
}

/** Pure: by component, those with failures first. A case counts for every component that its manifest uses. */
export function byComponent(played: readonly PlayedCase[], componentsOf: (name: string) => readonly string[]): ComponentRow[] {
  const rows = new Map<string, ComponentRow>();
  for (const { name, differences } of played)
    for (const component of new Set(componentsOf(name))) {
      const row = rows.get(component) ?? { component, passed: 0, failed: 0 };
      row[differences.length === 0 ? 'passed' : 'failed'] += 1;
      rows.set(component, row);
    }
  return [...rows.values()].sort((a, b) => b.failed - a.failed || a.component.localeCompare(b.component));
}

/** Pure: the table by component. */
export function componentTable(rows: readonly ComponentRow[]): string {
  const width = Math.max('component'.length, ...rows.map(({ component }) => component.length));
  const line = (name: string, passed: string, failed: string): string =>
    `${name.padEnd(width)}  ${passed.padStart(6)}  ${failed.padStart(6)}`;
  return [
    line('component', 'passed', 'failed'),
    line('-'.repeat(width), '------', '------'),
    ...rows.map(({ component, passed, failed }) => line(component, String(passed), String(failed))),
  ].join('\n');
}
