import type { ActionDescription } from '../../../libs/contracts/action.port.js';
import type { SyncStream } from '../../../libs/contracts/sync-spec.schema.js';
import { SluiceError, type ErrorCode, type FieldError } from '../../../libs/errors/index.js';

/** What an API as destination can be called with. */
export interface RowActions {
  actions: readonly ActionDescription[];
  /** Compiles the templates of an input. Errors: VALIDATION_FAILED. */
  compile: (action: NonNullable<SyncStream['action']>) => unknown;
}

/** What says how rows look in a table, and nothing of a call. */
const OF_TABLES = ['table', 'contract', 'nested', 'names', 'metadata'] as const;

type Violation = FieldError & { code: ErrorCode };

/** Whether a stream's rows can go where they are to go: to tables (`rows` is null), or to an action of an API. Pure but for `compile`. */
export function checkAction(stream: SyncStream, path: string, rows: RowActions | null): Violation[] {
  const { action } = stream;
  const wrong = (place: string, message: string, more: Pick<FieldError, 'found' | 'allowed'> = {}): Violation => ({
    ...{ code: 'VALIDATION_FAILED', path: `${path}${place}`, message },
    ...more,
  });
  if (rows === null) return action === undefined ? [] : [wrong('/action', 'is for destinations that are connections to an API')];
  const takingRows = rows.actions.filter(({ repeat }) => repeat !== 'none').map(({ name }) => name);
  if (action === undefined)
    return [wrong('/action', 'is required: the destination is a connection to an API', { allowed: takingRows })];
  const found = rows.actions.find(({ name }) => name === action.name);
  const tables = OF_TABLES.filter((field) => stream[field] !== undefined).map((field) =>
    wrong(`/${field}`, 'is for destinations that have tables'),
  );
  if (found === undefined)
    return [
      ...tables,
      wrong('/action/name', 'is not an action of the destination’s connector', { found: action.name, allowed: takingRows }),
    ];
  if (found.repeat === 'none')
    tables.push(
      wrong(
        '/action/name',
        'declares neither `idempotency_key`, `idempotent` nor `lookup`: rows whose answer is lost could not be told from rows that were never taken',
        { found: action.name, allowed: takingRows },
      ),
    );
  return [...tables, ...templateErrors(action, rows.compile).map((error) => wrong(`/action/input${error.path}`, error.message))];
}

function templateErrors(action: NonNullable<SyncStream['action']>, compile: RowActions['compile']): readonly FieldError[] {
  try {
    compile(action);
    return [];
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'VALIDATION_FAILED') return error.errors;
    throw error;
  }
}
