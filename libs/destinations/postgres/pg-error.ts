import type { ErrorCode, SluiceError } from '../../errors/index.js';
import { translatePgError, type PgErrorContext } from '../../postgres/index.js';

/** Whole SQLSTATEs first, then classes. Everything else is INTERNAL. */
const STATES: Readonly<Record<string, ErrorCode>> = {
  SL001: 'STALE_RUN',
  SL002: 'STALE_WRITER',
  SL003: 'DESTINATION_BUSY', // complete() meets it and computes the state anew
  SL004: 'SCHEMA_MOVED', // another writer of the run changed the columns
  '42501': 'DESTINATION_PERMISSION_DENIED',
  '3D000': 'DESTINATION_UNSUPPORTED',
  '53100': 'DESTINATION_DISK_FULL',
  '53200': 'DESTINATION_BUSY',
  '53300': 'DESTINATION_BUSY',
  '55P03': 'DESTINATION_BUSY',
  '57014': 'DESTINATION_BUSY',
  '42P01': 'TABLE_SHAPE_CONFLICT',
  '42703': 'TABLE_SHAPE_CONFLICT',
  '42804': 'TABLE_SHAPE_CONFLICT',
  '42P10': 'TABLE_SHAPE_CONFLICT',
  '25006': 'DESTINATION_UNREACHABLE',
  '25P03': 'DESTINATION_UNREACHABLE',
  '55000': 'DESTINATION_UNSUPPORTED',
  '54000': 'DESTINATION_TYPE_CONFLICT',
};
const CLASSES: Readonly<Record<string, ErrorCode>> = {
  '08': 'DESTINATION_UNREACHABLE',
  '22': 'DESTINATION_TYPE_CONFLICT',
  '23': 'DESTINATION_CONSTRAINT',
  '28': 'DESTINATION_AUTH_FAILED',
  '40': 'DESTINATION_BUSY',
  '57': 'DESTINATION_UNREACHABLE',
  '58': 'DESTINATION_UNREACHABLE',
  '0A': 'DESTINATION_UNSUPPORTED',
};

/** Any error of the driver or the server as a SluiceError, once, here. */
export const fromPgError = (thrown: unknown, context: PgErrorContext): SluiceError =>
  translatePgError(thrown, context, { states: STATES, classes: CLASSES, unreachable: 'DESTINATION_UNREACHABLE' });
