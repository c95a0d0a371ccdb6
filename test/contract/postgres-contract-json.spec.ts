import { POSTGRES_CAPABILITIES } from '../../libs/destinations/postgres/index.js';
import { destinationContract } from './destination.contract.js';
import { given } from './destination-world.js';
import { postgresWorld } from './postgres-world.js';

given.format = 'json';
destinationContract('PostgreSQL, given JSON', { capabilities: POSTGRES_CAPABILITIES, makeWorld: postgresWorld });
