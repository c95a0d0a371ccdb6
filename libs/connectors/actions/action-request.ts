import type { RequestFile } from '../../contracts/sluice-file.schema.js';
import type { JsonValue } from '../../contracts/json.js';
import { stringifyJson } from '../../json/index.js';
import { findHeader } from '../http/find-header.js';
import type { RequestDraft } from '../http/request-draft.js';
import type { Scope } from '../template/evaluate.js';
import { str } from '../template/values.js';
import { inBrackets } from './form-brackets.js';
import { compilePath } from './action-path.js';
import { compileTree, type CompileText, type Tree } from './value-tree.js';

/** Where a provider takes a key by which it makes a call once. */
export interface KeyPlace {
  in: 'header' | 'parameter' | 'json';
  name: string;
}

/** A request of an action, compiled. */
export interface ActionRequest {
  readonly method: string;
  readonly isGraphql: boolean;
  /** Below the requester's base. Errors: VALIDATION_FAILED. */
  address(scope: Scope): string;
  /** Adds everything but address and credentials. Errors: VALIDATION_FAILED. */
  fill(draft: RequestDraft, scope: Scope, key: { place: KeyPlace; value: string } | null): void;
}

export function compileRequest(file: RequestFile, path: string, compile: CompileText): ActionRequest {
  const tree = (value: JsonValue, name: string): Tree => compileTree(value, `${path}/${name}`, compile);
  const group = (values: Record<string, JsonValue> | undefined, name: string): Tree => tree(values ?? {}, name);
  const address = compilePath(file.path, `${path}/path`, compile);
  const [headers, parameters, form] = [
    group(file.headers, 'headers'),
    group(file.parameters, 'parameters'),
    group(file.form, 'form'),
  ];
  const body = bodyOf(file, tree);
  return {
    method: file.method,
    isGraphql: file.graphql !== undefined,
    address,
    fill(draft, scope, key) {
      for (const [name, value] of Object.entries(headers(scope) as object)) if (value !== null) draft.header(name, str(value));
      for (const [name, value] of Object.entries(parameters(scope) as object)) draft.parameter(name, value);
      const fields = Object.entries(form(scope) as object);
      for (const [name, value] of file.form_style === 'brackets' ? inBrackets(fields) : fields) draft.formField(name, value);
      if (key?.place.in === 'header') draft.header(key.place.name, key.value);
      if (key?.place.in === 'parameter') draft.parameter(key.place.name, key.value);
      const own = key?.place.in === 'json' ? { [key.place.name]: key.value } : {};
      const content = body?.(scope);
      if (content === undefined && key?.place.in !== 'json') return;
      if (findHeader(draft.headers, 'Content-Type') === undefined) draft.header('Content-Type', 'application/json');
      draft.raw(stringifyJson(key?.place.in === 'json' ? { ...(content as object | undefined), ...own } : content));
    },
  };
}

function bodyOf({ json, graphql }: RequestFile, tree: (value: JsonValue, name: string) => Tree): Tree | undefined {
  if (graphql === undefined) return json === undefined ? undefined : tree(json, 'json');
  const variables = tree(graphql.variables ?? {}, 'graphql/variables');
  const { query, operation_name: operationName } = graphql;
  return (scope) => ({ query, variables: variables(scope), ...(operationName === undefined ? {} : { operationName }) });
}
