import type { Column } from '../../typing/index.js';
import { NUMBER_ORDER } from './row-encoder.js';

/** Whether a cursor of the type is compared as NUMBER_ORDER. */
export const comparesNumbers = (column: Column, order: 'text' | 'number'): boolean =>
  column.type === 'numeric' || (column.type === 'text' && order === 'number');

/** A cursor's value as it is compared; texts byte by byte. `reference`: of `column`'s type. */
export const comparable = (reference: string, column: Column, order: 'text' | 'number'): string =>
  comparesNumbers(column, order) ? `${reference}::${NUMBER_ORDER}` : reference;
