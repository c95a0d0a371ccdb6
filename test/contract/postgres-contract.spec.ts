import { loadableModes } from '../../libs/contracts/write-mode.js';
import { POSTGRES_CAPABILITIES } from '../../libs/destinations/postgres/index.js';
import { destinationContract } from './destination.contract.js';
import { postgresWorld } from './postgres-world.js';

destinationContract('PostgreSQL', { modes: loadableModes(POSTGRES_CAPABILITIES.delivery), makeWorld: postgresWorld });
