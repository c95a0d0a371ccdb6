import type { ErrorCode, SluiceError } from '../../errors/index.js';
import { translatePgError, type PgErrorContext } from '../../postgres/index.js';

const STATES: Readonly<Record<string, ErrorCode>> = {
  '42501': 'SOURCE_PERMISSION_DENIED',
  '3D000': 'SOURCE_UNSUPPORTED',
  '53300': 'SOURCE_UNREACHABLE',
  '55P03': 'SOURCE_TIMEOUT',
  '57014': 'SOURCE_TIMEOUT',
  '25P03': 'SOURCE_TIMEOUT',
  '25P04': 'SOURCE_TIMEOUT',
  '42P01': 'SOURCE_SHAPE_CHANGED',
  '42703': 'SOURCE_SHAPE_CHANGED',
  '42883': 'SOURCE_SHAPE_CHANGED',
  '42804': 'SOURCE_SHAPE_CHANGED',
  '3F000': 'SOURCE_SHAPE_CHANGED',
  '42809': 'SOURCE_SHAPE_CHANGED',
  '40001': 'SOURCE_SERVER_ERROR', // a replica had to remove rows that the read still needed
};
const CLASSES: Readonly<Record<string, ErrorCode>> = {
  '08': 'SOURCE_UNREACHABLE',
  '22': 'SOURCE_SHAPE_CHANGED', // a bound of a slice is no value of the column's type any more
  '28': 'SOURCE_AUTH_FAILED',
  '53': 'SOURCE_SERVER_ERROR',
  '54': 'SOURCE_SERVER_ERROR',
  '57': 'SOURCE_UNREACHABLE',
  '58': 'SOURCE_SERVER_ERROR',
  XX: 'SOURCE_SERVER_ERROR',
  '0A': 'SOURCE_UNSUPPORTED',
};

/** Any error of the driver or the server as a SluiceError of a source, once, here. */
export const fromSourceError = (thrown: unknown, context: PgErrorContext): SluiceError =>
  translatePgError(thrown, context, { states: STATES, classes: CLASSES, unreachable: 'SOURCE_UNREACHABLE' });
