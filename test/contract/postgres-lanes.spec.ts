import { lanesContract } from './destination-lanes.contract.js';
import { postgresWorld } from './postgres-world.js';

lanesContract(postgresWorld);
