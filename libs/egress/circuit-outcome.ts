import type { CircuitOutcome } from '../contracts/circuit.port.js';
import { SluiceError } from '../errors/index.js';

/** Whether a status says that the host does not work; 501 says that it never does this. */
export const isBroken = (status: number): boolean => status >= 500 && status !== 501;

/** What an answer that did not come says of its host. */
export const failureOf = (error: unknown): CircuitOutcome =>
  error instanceof SluiceError && (error.code === 'SOURCE_TIMEOUT' || error.code === 'SOURCE_UNREACHABLE') ? 'broken' : 'unknown';
