import { MANAGED, METADATA_COLUMNS, type TableRules } from '../../typing/index.js';

/** PostgreSQL's limits. Names are quoted, so that every character but NUL may be in one. */
export const POSTGRES_RULES: TableRules = {
  names: {
    maxBytes: 63,
    forbidden: /\0/g,
    reserved: new Set([
      ...Object.values(MANAGED),
      ...Object.values(METADATA_COLUMNS).map(({ name }) => name),
      'tableoid',
      'xmin',
      'cmin',
      'xmax',
      'cmax',
      'ctid',
    ]),
    caseSensitive: true,
  },
  maxColumns: 1_600,
};
