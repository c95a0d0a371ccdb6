import { httpRequester } from '../http/http-requester.component.js';
import type { Requester } from '../http/requester.js';
import { Compiler, Rejected } from '../manifest/compiler.js';
import { component } from '../manifest/component.js';
import { ReferenceError, resolveReferences } from '../manifest/resolve-references.js';
import { isObject } from '../manifest/tree.js';
import { sluiceFileError } from './sluice-file-error.js';

/** What a requester of the manifest gives to actions: its address, its credentials, what it sends with every request. */
const SHARED = ['type', 'url', 'url_base', 'authenticator', 'request_headers', 'error_handler', '$parameters'];
const AT = 'sluice_requester';

/**
 * The requester that actions use, by method: the one that `reference` names in a compiled manifest, or the first stream's. Its path, query and body are
 * those of the stream and stay out. Throws MANIFEST_INVALID.
 */
export function baseRequester(manifest: Record<string, unknown>, reference: string | undefined): (method: string) => Requester {
  const node = isObject(manifest) ? find(manifest, reference) : undefined;
  if (!isObject(node) || !['HttpRequester', undefined].includes(node['type'] as string | undefined))
    throw sluiceFileError([
      {
        path: '/requester',
        message:
          reference === undefined
            ? 'is needed: the first stream has no HttpRequester'
            : 'is not an HttpRequester of the manifest',
        found: reference ?? 'nothing',
      },
    ]);
  const shared = Object.fromEntries(SHARED.flatMap((name) => (node[name] === undefined ? [] : [[name, node[name]]])));
  const made = new Map<string, Requester>();
  return (method) => {
    const known = made.get(method) ?? compile({ ...shared, type: 'HttpRequester', http_method: method });
    made.set(method, known);
    return known;
  };
}

function compile(node: Record<string, unknown>): Requester {
  const compiler = new Compiler({ of: () => undefined }, () => undefined, [httpRequester]);
  try {
    return component(() => [httpRequester]).parse(node, { compiler, pointer: '/requester', field: '', parameters: {} });
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    const [first = { path: '/requester', message: error.message }] = [
      ...compiler.problems.invalid,
      ...compiler.problems.unsupported,
    ];
    throw sluiceFileError([first]);
  }
}

function find(manifest: Record<string, unknown>, reference: string | undefined): unknown {
  try {
    if (reference !== undefined)
      return (resolveReferences({ ...manifest, [AT]: { $ref: reference } }).tree as Record<string, unknown>)[AT];
    const { streams } = resolveReferences(manifest).tree as { streams?: { retriever?: { requester?: unknown } }[] };
    return streams?.[0]?.retriever?.requester;
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw sluiceFileError([{ path: '/requester', message: error.message, found: error.found }]);
  }
}
