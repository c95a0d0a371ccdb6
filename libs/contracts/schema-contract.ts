import { z } from 'zod';

/**
 * What happens to what a table cannot take as it is. `evolve`: the table grows; `freeze`: the run fails; `discard_value`: the value is left out,
 * and counted; `quarantine`: the record is kept aside.
 */
export const CONTRACT_POLICIES = ['evolve', 'freeze', 'discard_value', 'quarantine'] as const;
export const contractPolicySchema = z.enum(CONTRACT_POLICIES);
export type ContractPolicy = z.infer<typeof contractPolicySchema>;

/** A stream's contract with its table. */
export interface Contract {
  /** Fields that the schema does not name. Default `evolve`; nothing is new where the sync names the fields to load. */
  newFields?: ContractPolicy;
  /** Values that do not fit their column. Default: `evolve` where the column's type was inferred, else `quarantine`. */
  typeConflicts?: ContractPolicy;
}
