import { childrenContract } from './destination-children.contract.js';
import { discardedChildrenContract } from './destination-discarded.contract.js';
import { childrenModel } from './destination-children-model.contract.js';
import { duckdbWorld } from './duckdb-world.js';

const makeWorld = async () => {
  const own = await duckdbWorld();
  return { ...own, run: (sql: string) => own.sql(sql) };
};
childrenContract(makeWorld, { formats: ['records'], takesNul: true });
childrenModel(makeWorld);
discardedChildrenContract(makeWorld);
