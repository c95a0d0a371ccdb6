import { createHash } from 'node:crypto';
import { SluiceError, type FieldError } from '../errors/index.js';
import type { Locate } from '../yaml/index.js';
import { missingWords } from './custom/available.js';
import { shippedComponents } from './custom/shipped-components.js';
import { httpRequester } from './http/http-requester.component.js';
import { Compiler, Missing, Rejected, type CustomComponents } from './manifest/compiler.js';
import { component } from './manifest/component.js';
import { parseManifest } from './manifest/parse-manifest.js';
import { ReferenceError, resolveReferences, type ResolvedManifest } from './manifest/resolve-references.js';
import { describe, isObject } from './manifest/tree.js';
import { TooLarge, unfoldedSize } from './manifest/unfolded-size.js';
import { declarativeSource, type SourceModel } from './source/source.component.js';
import { asyncRetriever } from './async/async-retriever.component.js';
import { stateDelegatingStream } from './source/state-delegating-stream.component.js';
import { declarativeStream, simpleRetriever } from './source/stream.component.js';
import { assertSpecification } from './spec/validate-config.js';

/** A manifest that can run, and the JSON to store. */
export interface CompiledManifest {
  model: SourceModel;
  /** The manifest as plain JSON, references unresolved. */
  document: Record<string, unknown>;
}

export interface CompileOptions {
  /** TypeScript for the Python classes that manifests name; default: what ships with the engine. Keep the map: models are remembered with it. */
  customComponents?: CustomComponents;
}

const MAX_ERRORS = 50;
const CACHE_ENTRIES = 100;
const caches = new WeakMap<CustomComponents, Map<string, SourceModel>>();
/** Models of documents that cannot change any more: measuring and printing a large one takes longer than reading a small stream. */
const ofFrozen = new WeakMap<CustomComponents, WeakMap<object, SourceModel>>();

/**
 * Reads and compiles YAML or JSON text. Throws MANIFEST_INVALID or MANIFEST_UNSUPPORTED with every place that is wrong. Streams that need
 * code which is not here are no error: see SourceModel.unavailable.
 */
export function compileManifestText(text: string, options: CompileOptions = {}): CompiledManifest {
  const { tree, locate } = parseManifest(text);
  const document = assertDocument(tree);
  return { model: compileTree(document, locate, options.customComponents ?? shippedComponents), document };
}

/** Compiles a manifest that was stored as JSON; remembered by content, and, frozen to its leaves, by itself. Throws as compileManifestText does. */
export function compileManifest(document: unknown, options: CompileOptions = {}): SourceModel {
  const customComponents = options.customComponents ?? shippedComponents;
  if (!isObject(document) || !Object.isFrozen(document)) return compileContent(document, customComponents);
  const models = ofFrozen.get(customComponents) ?? new WeakMap<object, SourceModel>();
  ofFrozen.set(customComponents, models);
  const model = models.get(document) ?? compileContent(document, customComponents);
  models.set(document, model);
  return model;
}

function compileContent(document: unknown, customComponents: CustomComponents): SourceModel {
  const tree = assertDocument(document);
  const key = createHash('sha256').update(JSON.stringify(tree)).digest('base64');
  const cache = caches.get(customComponents) ?? new Map<string, SourceModel>();
  caches.set(customComponents, cache);
  const known = cache.get(key);
  if (known !== undefined) return known;
  const model = compileTree(tree, () => undefined, customComponents);
  if (cache.size >= CACHE_ENTRIES) cache.delete(cache.keys().next().value ?? '');
  cache.set(key, model);
  return model;
}

/** Before anything walks, copies or prints it: aliases make a small text unfold to any size. */
function assertDocument(tree: unknown): Record<string, unknown> {
  if (!isObject(tree)) throw invalid([{ path: '', message: 'a manifest is an object', found: describe(tree) }]);
  assertSize(tree);
  return tree;
}

const assertSize = (tree: unknown): unknown => bounded(() => unfoldedSize(tree));

function bounded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    throw invalid([{ path: error.path, message: error.message }]);
  }
}

function compileTree(tree: Record<string, unknown>, locate: Locate, customComponents: CustomComponents): SourceModel {
  const { tree: resolved, origins } = resolve({ type: 'DeclarativeSource', ...tree });
  assertSize(resolved);
  const compiler = new Compiler(
    origins,
    locate,
    [declarativeStream, stateDelegatingStream, simpleRetriever, asyncRetriever, httpRequester],
    customComponents,
  );
  const place = { compiler, pointer: '', field: '', parameters: {} };
  const model = bounded(() => {
    try {
      return component(() => [declarativeSource]).parse(resolved, place);
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      // Outside of any stream: nothing is left that could be listed.
      if (error instanceof Missing) compiler.report({ path: '', message: missingWords(error.components) }, 'unsupported');
      return undefined;
    }
  });
  const { invalid: wrong, unsupported } = compiler.problems;
  // Typing errors first: a component that is merely not covered may be a consequence.
  const errors = [...wrong, ...unsupported].slice(0, MAX_ERRORS);
  if (errors.length > 0 || model === undefined)
    throw invalid(errors, wrong.length > 0 || errors.length === 0 ? 'MANIFEST_INVALID' : 'MANIFEST_UNSUPPORTED');
  assertSpecification(model.connectionSpecification);
  return { ...model, warnings: compiler.warnings };
}

function resolve(tree: unknown): ResolvedManifest {
  try {
    return resolveReferences(tree);
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const { path, message, found } = error;
    throw invalid([{ path, message, found }]);
  }
}

function invalid(errors: FieldError[], code: 'MANIFEST_INVALID' | 'MANIFEST_UNSUPPORTED' = 'MANIFEST_INVALID'): SluiceError {
  const [first] = errors;
  const detail =
    first === undefined
      ? 'the manifest cannot be compiled'
      : first.path === ''
        ? first.message
        : `${first.path}: ${first.message}`;
  return new SluiceError(code, { detail, errors });
}
