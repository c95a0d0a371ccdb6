import type { ActionBatch, ActionDescription } from '../../contracts/action.port.js';
import type { BudgetLimit } from '../../contracts/budget.schema.js';
import type { JsonObject } from '../../contracts/json.js';
import { sluiceFileSchema, type ActionFile } from '../../contracts/sluice-file.schema.js';
import type { FieldError } from '../../errors/index.js';
import type { Requester } from '../http/requester.js';
import { escapePointer, toPointer } from '../../json/index.js';
import { schemaProblem } from '../spec/input-schema.js';
import { compileRequest, type ActionRequest, type KeyPlace } from './action-request.js';
import { baseRequester } from './base-requester.js';
import { sluiceFileError } from './sluice-file-error.js';
import { compileTree, compileText, type Tree } from './value-tree.js';

/** An action that can be called. */
export interface ActionModel extends ActionDescription {
  keyPlace: KeyPlace | null;
  request: ActionRequest;
  requester: Requester;
  resultPath: readonly string[];
  /** Where a 2xx answer says that nothing was done. */
  errorPaths: readonly (readonly string[])[];
  lookup: {
    request: ActionRequest;
    requester: Requester;
    found: readonly string[];
    result: readonly string[];
  } | null;
  /** Makes the input of what undoes a call of `input` and `result`. */
  undo: Tree | null;
}

/** What a sluice.yaml declares, its webhooks apart. */
export interface SluiceModel {
  actions: ReadonlyMap<string, ActionModel>;
  /** null: none are declared. */
  budgets: readonly BudgetLimit[] | null;
}

const models = new WeakMap<object, { manifest: JsonObject; model: SluiceModel }>();
const UNDO_NAMES: ReadonlySet<string> = new Set(['input', 'result']);

/**
 * What `file` (a sluice.yaml as JSON) declares beside a manifest; remembered by these objects. Throws MANIFEST_INVALID with every
 * place that is wrong, as JSON pointers into the file.
 */
export function compileSluice(manifest: JsonObject, file: JsonObject): SluiceModel {
  const known = models.get(file);
  if (known?.manifest === manifest) return known.model;
  const parsed = sluiceFileSchema.safeParse(file);
  if (!parsed.success) throw sluiceFileError(parsed.error.issues.flatMap(fieldErrors));
  const errors: FieldError[] = [];
  const { requester, webhooks } = parsed.data;
  const nothing = requester === undefined && Object.keys(parsed.data.actions).length === 0;
  // Webhooks call nobody: beside a manifest without a requester they can stand alone.
  const base = nothing ? () => baseRequester(manifest, requester)('GET') : baseRequester(manifest, requester);
  for (const [name, { events }] of Object.entries(webhooks))
    for (const [type, { schema }] of Object.entries(events))
      errors.push(...schemaProblem(schema, `/webhooks/${name}/events/${escapePointer(type)}/schema`));
  const compile = compileText((error) => errors.push(error));
  const compileUndo = compileText((error) => errors.push(error), UNDO_NAMES);
  const actions = Object.entries(parsed.data.actions).map(([name, action]) => {
    const at = `/actions/${name}`;
    errors.push(...schemaProblem(action.input, `${at}/input`), ...schemaProblem(action.output, `${at}/output`));
    const { lookup, idempotency_key: keyPlace = null, compensate } = action;
    if (compensate !== undefined && !Object.hasOwn(parsed.data.actions, compensate.action))
      errors.push({
        ...{ path: `${at}/compensate/action`, message: 'is not an action of this file', found: compensate.action },
        allowed: Object.keys(parsed.data.actions),
      });
    const model: ActionModel = {
      ...describe(name, action),
      keyPlace,
      request: compileRequest(action.request, `${at}/request`, compile),
      requester: base(action.request.method),
      resultPath: action.result,
      errorPaths: action.errors,
      lookup:
        lookup === undefined
          ? null
          : {
              request: compileRequest(lookup.request, `${at}/lookup/request`, compile),
              requester: base(lookup.request.method),
              found: lookup.found,
              result: lookup.result ?? lookup.found,
            },
      undo: compensate === undefined ? null : compileTree(compensate.input, `${at}/compensate/input`, compileUndo),
    };
    return [name, model] as const;
  });
  if (errors.length > 0) throw sluiceFileError(errors);
  const model: SluiceModel = { actions: new Map(actions), budgets: parsed.data.budgets ?? null };
  models.set(file, { manifest, model });
  return model;
}

const describe = (name: string, action: ActionFile): ActionDescription => ({
  name,
  description: action.description ?? null,
  input: action.input,
  output: action.output ?? null,
  repeat:
    action.idempotency_key !== undefined
      ? 'key'
      : action.idempotent || action.request.method === 'GET'
        ? 'idempotent'
        : action.lookup === undefined
          ? 'none'
          : 'lookup',
  keyKept:
    action.idempotency_key === undefined
      ? null
      : { ms: action.idempotency_key.kept_seconds * 1_000, then: action.lookup === undefined ? 'none' : 'lookup' },
  timeoutMs: action.timeout_seconds * 1_000,
  batch: action.batch === undefined ? null : batchOf(action.batch),
  compensate: action.compensate?.action ?? null,
});

const batchOf = ({ items, most, rejected }: NonNullable<ActionFile['batch']>): ActionBatch => ({
  ...{ items, most },
  rejected: rejected === undefined ? null : { ...rejected, reason: rejected.reason ?? null },
});

interface Issue {
  path: PropertyKey[];
  message: string;
  code?: string;
  keys?: string[];
}

function fieldErrors(issue: Issue): FieldError[] {
  if (issue.code === 'unrecognized_keys')
    return (issue.keys ?? []).map((key) => ({ path: toPointer([...issue.path, key]), message: 'is not known', found: key }));
  return [{ path: toPointer(issue.path), message: issue.message }];
}
