import { destinationContract } from './destination.contract.js';
import { postgresWorld } from './postgres-world.js';

destinationContract('PostgreSQL', postgresWorld);
