import type { Contract, ContractPolicy } from '../contracts/schema-contract.js';
import type { Column } from './column.js';

/** What a value that does not fit the column is subject to. */
export function conflictPolicy({ typeConflicts }: Contract, column: Pick<Column, 'inferred' | 'provisional'>): ContractPolicy {
  return column.provisional === true ? 'evolve' : (typeConflicts ?? (column.inferred === true ? 'evolve' : 'quarantine'));
}

export const newFieldPolicy = ({ newFields }: Contract): ContractPolicy => newFields ?? 'evolve';
