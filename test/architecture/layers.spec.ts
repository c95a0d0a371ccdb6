import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const TOP = ['apps', 'activities', 'workflows', 'libs', 'bench'] as const;
const IMPORT = /^\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

interface Arrow {
  from: string;
  to: string;
  typeOnly: boolean;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

function existing(folder: string): string[] {
  try {
    return sources(join(ROOT, folder));
  } catch {
    return [];
  }
}

const files = TOP.flatMap(existing);
const arrows: Arrow[] = files.flatMap((from) => {
  const text = readFileSync(join(ROOT, from), 'utf8');
  return [...text.matchAll(IMPORT)].flatMap((match): Arrow[] => {
    const target = match[2] ?? match[3] ?? '';
    const to = target.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(from), target)).replace(/\.js$/, '.ts') : target;
    return [{ from, to, typeOnly: match[1] !== undefined }];
  });
});

/** `libs/x` and `apps/x` are modules; the other top folders are one module each. */
function moduleOf(file: string): string {
  const [top = '', second = ''] = file.split('/');
  return top === 'libs' || top === 'apps' ? `${top}/${second}` : top;
}

/** Every strongly connected set of more than one node (Tarjan). */
function circles(edges: Map<string, Set<string>>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.get(node) ?? 0);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!index.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0));
      } else if (stack.includes(next)) {
        low.set(node, Math.min(low.get(node) ?? 0, index.get(next) ?? 0));
      }
    }
    if (low.get(node) === index.get(node)) {
      const members = stack.splice(stack.indexOf(node));
      if (members.length > 1) found.push(members.sort());
    }
  };
  for (const node of edges.keys()) if (!index.has(node)) visit(node);
  return found;
}

function graph(name: (file: string) => string): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  for (const file of files) edges.set(name(file), edges.get(name(file)) ?? new Set());
  for (const { from, to } of arrows) {
    if (!files.includes(to) || name(from) === name(to)) continue;
    edges.get(name(from))?.add(name(to));
  }
  return edges;
}

describe('the structure', () => {
  it('has files to look at', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(arrows.length).toBeGreaterThan(100);
  });

  it('has no circle of files', () => {
    expect(circles(graph((file) => file))).toEqual([]);
  });

  it('has no circle of modules', () => {
    expect(circles(graph(moduleOf))).toEqual([]);
  });

  it.each([
    ['libs', ['apps', 'activities', 'workflows', 'bench']],
    ['activities', ['apps', 'workflows', 'bench']],
    ['workflows', ['apps', 'bench']],
    ['apps', ['bench']],
  ])('has no arrow from %s up to %s', (top, above) => {
    const wrong = arrows.filter(
      ({ from, to }) => from.startsWith(`${top}/`) && above.some((folder) => to.startsWith(`${folder}/`)),
    );
    expect(wrong).toEqual([]);
  });

  it('lets workflows see only contracts, errors and their own policies', () => {
    const allowed = /^(workflows\/|libs\/contracts\/|libs\/errors\/|@temporalio\/(workflow|common)$)/;
    expect(arrows.filter(({ from, to, typeOnly }) => from.startsWith('workflows/') && !typeOnly && !allowed.test(to))).toEqual(
      [],
    );
  });

  it('keeps every file under 400 lines', () => {
    const long = files.filter((file) => readFileSync(join(ROOT, file), 'utf8').split('\n').length > 400);
    expect(long).toEqual([]);
  });

  it('lets only the egress call out over HTTP', () => {
    const clients = new Set(['undici', 'node:http', 'node:https', 'http', 'https', 'axios']);
    const wrong = arrows.filter(
      ({ from, to, typeOnly }) =>
        from.startsWith('libs/') &&
        !from.startsWith('libs/egress/') &&
        !from.startsWith('libs/stack/') &&
        !typeOnly &&
        clients.has(to),
    );
    expect(wrong).toEqual([]);
  });
});
