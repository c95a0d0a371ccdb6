import { POSTGRES_CAPABILITIES } from '../../libs/destinations/postgres/index.js';
import { destinationContract } from './destination.contract.js';
import { postgresWorld } from './postgres-world.js';

destinationContract('PostgreSQL', { capabilities: POSTGRES_CAPABILITIES, makeWorld: postgresWorld });
