import { ContractWatch, type Column, type WatchOptions } from '../../typing/index.js';

/** For the lines that digests are made of: a record of which a value does not fit is not in the table, unless it is there without the value. */
export const digestWatch = (
  columns: readonly Column[],
  { contract, nested }: Pick<WatchOptions, 'contract' | 'nested'>,
): ContractWatch =>
  new ContractWatch({
    columns,
    nested,
    contract: { typeConflicts: contract.typeConflicts === 'discard_value' ? 'discard_value' : 'quarantine' },
    closed: true,
  });
