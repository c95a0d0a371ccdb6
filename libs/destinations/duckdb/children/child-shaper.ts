import type { StreamRef } from '../../../contracts/destination.port.js';
import type { ChildShaper } from '../../children/shape-children.js';
import type { Session } from '../session.js';
import { ownTable, shapeTable } from '../table.js';
import { DUCKDB_RULES } from '../types.js';
import { refillChildren } from './child-rows.js';

/** See ChildShaper. No index: transactions take turns, and what is written is what the lists say. */
export const childShaper = (session: Session, ref: StreamRef): ChildShaper => ({
  rules: DUCKDB_RULES,
  own: (table) => ownTable(session, ref, table),
  shape: ({ target, columns, known }) => shapeTable(session, { target, columns, known, digested: [] }),
  refill: (family, child) => refillChildren(session, { ...family, children: [child] }, child),
});
