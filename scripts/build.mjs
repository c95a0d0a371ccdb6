/**
 * TypeScript → dist/ (`apps/api/main.ts` → `dist/apps/api/main.js`), then the workflows' bundle and the command line in one file. Only what changed is compiled and files are
 * replaced one by one, so that a running stack never sees a half-empty dist.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withLock } from './lock.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const SOURCES = [
  'apps',
  'workflows',
  'activities',
  'libs',
  'connectors',
  'bench',
  'test/support',
  'test/chaos',
  'test/conformance',
];
const COPIED = /\.(sql|ya?ml|json|html|css|svg)$/;
/** What else decides the output: a change of any of these compiles everything again. */
const TOOLING = ['.swcrc', 'scripts/build.mjs', 'node_modules/@swc/core/package.json'];

const sha = (...parts) => parts.reduce((hash, part) => hash.update(part).update('\0'), createHash('sha256')).digest('hex');
const read = (path) => readFileSync(join(root, path));

function* walk(folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) yield path;
  }
}

/** Source path → output paths, for everything that belongs into dist. */
function plan() {
  const outputs = new Map();
  for (const path of SOURCES.filter((folder) => existsSync(join(root, folder))).flatMap((folder) => [...walk(folder)])) {
    if (/\.(spec|d)\.ts$/.test(path)) continue;
    if (path.endsWith('.ts')) outputs.set(path, [path.replace(/\.ts$/, '.js'), path.replace(/\.ts$/, '.js.map')]);
    else if (COPIED.test(path)) outputs.set(path, [path]);
  }
  return outputs;
}

function put(path, content) {
  const target = join(dist, path);
  mkdirSync(dirname(target), { recursive: true });
  const part = `${target}.${process.pid}.part`;
  writeFileSync(part, content);
  renameSync(part, target);
}

const loadHashes = () => {
  try {
    return JSON.parse(readFileSync(join(dist, '.build-hash'), 'utf8'));
  } catch {
    return {};
  }
};

function removeStrangers(outputs) {
  const wanted = new Set([...outputs.values()].flat());
  if (outputs.has('workflows/index.ts')) for (const path of Object.values(BUNDLES)) wanted.add(path);
  for (const path of [CLI.text, CLI.cache]) wanted.add(path);
  for (const path of existsSync(dist) ? [...walk('dist')] : []) {
    const name = path.slice('dist/'.length);
    if (!name.startsWith('.') && !wanted.has(name)) rmSync(join(root, path));
  }
}

async function compile(changed, outputs) {
  const { transform } = await import('@swc/core');
  const options = { configFile: join(root, '.swcrc'), sourceRoot: root };
  await Promise.all(
    changed.map(async (path) => {
      const [target, map] = outputs.get(path);
      if (!map) return put(target, read(path));
      const out = await transform(read(path).toString(), { ...options, filename: join(root, path) });
      put(map, out.map ?? '{}');
      put(target, `${out.code}\n//# sourceMappingURL=${map.split('/').at(-1)}\n`);
    }),
  );
}

/** dist files that the bundle is made of: the entry and what it imports by relative path. */
function closure(entry, seen = new Set()) {
  if (seen.has(entry) || !existsSync(entry)) return seen;
  seen.add(entry);
  for (const [, specifier] of readFileSync(entry, 'utf8').matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g))
    closure(resolve(dirname(entry), specifier), seen);
  return seen;
}

/** Of workers that send no traces, and of those that do. */
const BUNDLES = { plain: 'workflows/bundle.js', traced: 'workflows/bundle.traced.js' };

/** @returns {Promise<string | undefined>} the bundles' content hash, undefined without workflows. */
async function bundle(before) {
  const entry = join(dist, 'workflows/index.js');
  if (!existsSync(entry)) return undefined;
  const sdk = ['worker', 'interceptors-opentelemetry-v2'].map((name) => read(`node_modules/@temporalio/${name}/package.json`));
  const hash = sha(
    ...TOOLING.map(read),
    ...sdk,
    ...[...closure(entry, closure(join(dist, 'libs/temporal/untraced-interceptors.js')))]
      .sort()
      .map((file) => readFileSync(file)),
  );
  if (hash === before && Object.values(BUNDLES).every((path) => existsSync(join(dist, path)))) return hash;
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { workflowInterceptorModule } = await import(pathToFileURL(join(dist, 'libs/temporal/tracing.js')).href);
  for (const [path, tracing] of [
    [BUNDLES.plain, false],
    [BUNDLES.traced, true],
  ]) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: entry,
      workflowInterceptorModules: [workflowInterceptorModule({ tracing })],
      logger: new DefaultLogger('WARN'),
    });
    put(path, await lean(code));
  }
  return hash;
}

/**
 * Each thread that runs workflows keeps the bundle's text and its map: without comments, and without the sources' text in the map, a thread takes some 20 MB less.
 * Names of functions and classes stay: workflows and errors go by them. ASCII, because one other letter doubles the text in memory.
 */
async function lean(code) {
  const { minify } = await import('@swc/core');
  const [, text, encoded] = /^(.*)\/\/# sourceMappingURL=data:[^\n]*base64,(\S+)\s*$/s.exec(code);
  const small = await minify(text, {
    ...{ compress: true, mangle: true, module: false, toplevel: false, keep_classnames: true, keep_fnames: true },
    ...{ sourceMap: { content: Buffer.from(encoded, 'base64').toString() }, format: { asciiOnly: true } },
  });
  const map = { ...JSON.parse(small.map), sourcesContent: undefined };
  const url = `data:application/json;charset=utf-8;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
  return `${small.code}\n//# sourceMappingURL=${url}\n`;
}

const CLI = { entry: 'apps/cli/main.js', text: 'apps/cli/packed.cjs', cache: 'apps/cli/packed.cache' };

/** @returns {Promise<{files: string[], hash: string}>} what the packed command line was made of */
async function packCli(before) {
  const made = [CLI.text, CLI.cache].every((path) => existsSync(join(dist, path)));
  if (made && before !== undefined && before.hash === packedHash(before.files)) return before;
  const { pack, warm } = await import('./pack.mjs');
  const { text, files } = await pack({ entry: join(dist, CLI.entry), root });
  const own = files.map((file) => relative(root, file));
  put(CLI.text, text);
  warm({ root, text: join(dist, CLI.text), cache: join(dist, CLI.cache) });
  return { files: own, hash: packedHash(own) };
}

/** A code cache is for one version of Node. */
const packedHash = (files) =>
  sha(process.version, ...['scripts/pack.mjs', ...files].map((path) => (existsSync(join(root, path)) ? read(path) : '')));

/** Brings dist up to date with the sources; says what it did. Errors name the file that does not compile. */
export async function build({ log = console.log } = {}) {
  return withLock(
    join(root, '.sluice', 'build.lock'),
    async () => {
      const started = performance.now();
      const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
      const before = loadHashes();
      const outputs = plan();
      const tooling = sha(...TOOLING.map(read));
      const files = Object.fromEntries([...outputs.keys()].map((path) => [path, sha(tooling, read(path))]));
      const changed = Object.keys(files).filter(
        (path) => files[path] !== before.files?.[path] || !outputs.get(path).every((output) => existsSync(join(dist, output))),
      );
      if (changed.length > 0) rmSync(join(dist, '.build-hash'), { force: true });
      removeStrangers(outputs);
      await compile(changed, outputs);
      const workflows = await bundle(before.workflows);
      const packed = await packCli(before.packed);
      put('.build-hash', JSON.stringify({ files, workflows, packed }));
      const bundled = [
        workflows === undefined || workflows === before.workflows ? '' : ', workflows bundled',
        packed === before.packed ? '' : ', command line packed',
      ].join('');
      if (changed.length === 0 && bundled === '') log(`build: up to date (${seconds()})`);
      else log(`build: ${changed.length} of ${outputs.size} files compiled${bundled} (${seconds()})`);
    },
    log,
  );
}
