import { statesContract } from './destination-states.contract.js';
import { postgresWorld } from './postgres-world.js';

statesContract(postgresWorld);
