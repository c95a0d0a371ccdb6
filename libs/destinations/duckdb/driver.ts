import type * as duckdb from '@duckdb/node-api';
import { SluiceError } from '../../errors/index.js';

export type Driver = typeof duckdb;

const PACKAGE = '@duckdb/node-api@1.5.6-r.1';

/** The optional package, loaded when it is first needed. Errors: DRIVER_MISSING. */
export async function loadDriver(load: () => Promise<Driver> = () => import('@duckdb/node-api')): Promise<Driver> {
  try {
    return await load();
  } catch (error) {
    throw new SluiceError('DRIVER_MISSING', { detail: `npm install ${PACKAGE}`, cause: error });
  }
}
