import { quarantineContract } from './destination-quarantine.contract.js';
import { postgresWorld } from './postgres-world.js';

quarantineContract(postgresWorld);
