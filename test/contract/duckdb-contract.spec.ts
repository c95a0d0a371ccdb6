import { DUCKDB_CAPABILITIES } from '../../libs/destinations/duckdb/index.js';
import { destinationContract } from './destination.contract.js';
import { duckdbWorld } from './duckdb-world.js';

destinationContract('DuckDB', { capabilities: DUCKDB_CAPABILITIES, makeWorld: duckdbWorld });
