import { pathKey, type Column } from './column.js';
import type { Wanted } from './contract-watch.js';
import type { NamingStyle } from '../contracts/nesting.js';
import { nameFields, type NamingRules } from './naming.js';
import { widen } from './widen.js';

/** The columns with what records need beyond them. Pure. `known`: every column that the stream ever had, whose names stay. */
export function grow(
  columns: readonly Column[],
  wanted: readonly Wanted[],
  { rules, style, known }: { rules: NamingRules; style?: NamingStyle; known: readonly Column[] },
): readonly Column[] {
  const wants = new Map(wanted.map((want) => [pathKey(want.path), want]));
  const changed = columns.map(({ provisional, ...column }): Column => {
    const want = wants.get(pathKey(column.path));
    wants.delete(pathKey(column.path));
    if (want === undefined) return { ...column, ...(provisional && { provisional }) };
    return { ...column, type: provisional === true ? want.type : widen(column.type, want.type) };
  });
  const names = nameFields({
    paths: [...wants.values()].map(({ path }) => path),
    rules,
    ...(style === undefined ? {} : { style }),
    known: new Map(known.map(({ path, name }) => [pathKey(path), name])),
    taken: columns.map(({ name }) => name),
  });
  const added = [...wants].map(([key, { path, type }]): Column => ({ name: names.get(key) ?? '', path, type, inferred: true }));
  return [...changed, ...added];
}
