export { columnOf, namesOf, pathKey, type Column, type ColumnType } from './column.js';
export { columnType } from './column-type.js';
export { columnsOf, type TableRules } from './columns-of.js';
export { type NamingRules } from './naming.js';
