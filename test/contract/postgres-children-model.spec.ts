import { childrenModel } from './destination-children-model.contract.js';
import { postgresWorld } from './postgres-world.js';

childrenModel(postgresWorld);
