import { describe } from '@jest/globals';
import { lanesContract } from './destination-lanes.contract.js';
import { quarantineContract } from './destination-quarantine.contract.js';
import { statesContract } from './destination-states.contract.js';
import { duckdbWorld } from './duckdb-world.js';

describe('lanes', () => lanesContract(duckdbWorld));
describe('states', () => statesContract(duckdbWorld));
describe('quarantine', () => quarantineContract(duckdbWorld));
