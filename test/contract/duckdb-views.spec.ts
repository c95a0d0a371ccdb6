import { describe } from '@jest/globals';
import { quarantineContract } from './destination-quarantine.contract.js';
import { statesContract } from './destination-states.contract.js';
import { duckdbWorld } from './duckdb-world.js';

describe('states', () => statesContract(duckdbWorld));
describe('quarantine', () => quarantineContract(duckdbWorld));
