import { createHash } from 'node:crypto';
import { SluiceError } from '../errors/index.js';
import { Compiler, Rejected } from './manifest/compiler.js';
import { component } from './manifest/component.js';
import { parseManifest } from './manifest/parse-manifest.js';
import { ReferenceError, resolveReferences, type ResolvedManifest } from './manifest/resolve-references.js';
import { describe, isObject } from './manifest/tree.js';
import { declarativeSource, type SourceModel } from './source/source.component.js';
import { declarativeStream } from './source/stream.component.js';
import { assertSpecification } from './spec/validate-config.js';

/** A manifest that can run, and the JSON to store. */
export interface CompiledManifest {
  model: SourceModel;
  /** The manifest as plain JSON, references unresolved. */
  document: Record<string, unknown>;
}

const MAX_ERRORS = 50;
const cache = new Map<string, SourceModel>();
const CACHE_ENTRIES = 100;

/** Reads and compiles YAML or JSON text. Throws MANIFEST_INVALID or MANIFEST_UNSUPPORTED with every place that is wrong. */
export function compileManifestText(text: string): CompiledManifest {
  const { tree, locate } = parseManifest(text);
  if (!isObject(tree))
    throw new SluiceError('MANIFEST_INVALID', {
      errors: [{ path: '', message: 'a manifest is an object', found: describe(tree) }],
    });
  return { model: compileTree(tree, locate), document: tree };
}

/** Compiles a manifest that was stored as JSON; remembered by content. Throws as compileManifestText does. */
export function compileManifest(document: unknown): SourceModel {
  const key = createHash('sha256').update(JSON.stringify(document)).digest('base64');
  const known = cache.get(key);
  if (known !== undefined) return known;
  const model = compileTree(document, () => undefined);
  if (cache.size >= CACHE_ENTRIES) cache.delete(cache.keys().next().value ?? '');
  cache.set(key, model);
  return model;
}

function compileTree(tree: unknown, locate: (pointer: string) => string | undefined): SourceModel {
  const { tree: resolved, origins } = resolve(tree);
  const compiler = new Compiler(origins, locate, [declarativeStream]);
  let model: SourceModel | undefined;
  try {
    model = component(() => [declarativeSource]).parse(resolved, { compiler, pointer: '', field: '', parameters: {} });
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
  }
  const { invalid, unsupported } = compiler.problems;
  // Typing errors first: a component that is merely not covered may be a consequence.
  const errors = [...invalid, ...unsupported].slice(0, MAX_ERRORS);
  const [first] = errors;
  if (first !== undefined || model === undefined) {
    const detail = first === undefined ? 'the manifest cannot be compiled' : `${first.path}: ${first.message}`;
    throw new SluiceError(invalid.length > 0 || first === undefined ? 'MANIFEST_INVALID' : 'MANIFEST_UNSUPPORTED', {
      detail,
      errors,
    });
  }
  assertSpecification(model.connectionSpecification);
  return model;
}

function resolve(tree: unknown): ResolvedManifest {
  try {
    return resolveReferences(tree);
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const { path, message, found } = error;
    throw new SluiceError('MANIFEST_INVALID', { detail: `${path}: ${message}`, errors: [{ path, message, found }] });
  }
}
