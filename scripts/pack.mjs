/**
 * The command line in one file: opening and linking its 600 modules one by one takes several times as long as all that they do at a start. Our modules become
 * CommonJS, packages' modules stay what they are; each keeps its own scope and runs when it is first asked for.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A comment that happens to match costs nothing: what cannot be found is left to Node, at run time. */
const REQUIRED = /\brequire\(\s*(["'])([^"']+)\1\s*\)/g;

/** Modules by path, each with its code and what it requires: what it names → a path. */
async function gather(entry) {
  const { transform } = await import('@swc/core');
  const modules = new Map();
  const add = async (path) => {
    if (modules.has(path)) return;
    const module = { code: '', needs: {} };
    modules.set(path, module);
    const text = readFileSync(path, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\n?$/, '');
    if (path.endsWith('.json')) {
      module.code = `module.exports = ${text}`;
      return;
    }
    module.code = isEsm(path) ? (await transform(text, asCommonJs(path, entry))).code : text;
    // What is compiled from a code cache cannot import: V8 forgets who would have to be asked.
    if (path === entry) module.code = module.code.replace(/\bimport\(/g, 'importOutside(');
    const { resolve } = createRequire(path);
    for (const [, , name] of module.code.matchAll(REQUIRED)) {
      if (isBuiltin(name)) continue;
      try {
        module.needs[name] = resolve(name);
      } catch {
        continue; // an optional package, or a word in a comment
      }
    }
    for (const next of Object.values(module.needs)) await add(next);
  };
  await add(entry);
  return modules;
}

/** As Node decides: by the file's name, else by the package that it lies in. */
function isEsm(path) {
  if (/\.[cm]js$/.test(path)) return path.endsWith('.mjs');
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')).type === 'module';
    if (folder === dirname(folder)) return false;
  }
}

const asCommonJs = (path, entry) => ({
  filename: path,
  configFile: false,
  swcrc: false,
  jsc: { parser: { syntax: 'ecmascript' }, target: 'es2022' },
  // What the entry imports when it is asked for, the stack and all that it needs, stays outside.
  module: { type: 'commonjs', ignoreDynamic: path === entry, importInterop: 'node' },
});

/**
 * @param {{entry: string, root: string}} request paths; the entry may not await at its top level
 * @returns {Promise<{text: string, files: string[]}>} `text` evaluates to a function; see bin/run-packed.mjs
 */
export async function pack({ entry, root }) {
  const modules = await gather(entry);
  const numbers = new Map([...modules.keys()].map((path, number) => [path, number]));
  const parts = [...modules].map(([path, { code, needs }]) => {
    const ids = Object.fromEntries(Object.entries(needs).map(([name, target]) => [name, numbers.get(target)]));
    const place = JSON.stringify(relative(root, path));
    return `[${place},${JSON.stringify(ids)},function(module,exports,require,__filename,__dirname){${code}\n}]`;
  });
  const text = `(function({createRequire,importOutside,root}){const modules=[${parts.join(',\n')}];
const loaded=[];
const load=(number)=>{
  if(loaded[number])return loaded[number].exports;
  const [place,ids,run]=modules[number];
  const module=loaded[number]={exports:{}};
  const path=root+place;
  let outside;
  const require=(name)=>Object.hasOwn(ids,name)?load(ids[name]):(outside??=createRequire(path))(name);
  run.call(module.exports,module,module.exports,require,path,path.slice(0,path.lastIndexOf('/')));
  return module.exports;
};
load(0);})`;
  const digest = createHash('sha256').update(text).digest('hex');
  return { text: `/*${digest}*/${text}`, files: [...modules.keys()] };
}

/** Compiles a packed text as a read of no stream uses it. @throws when that fails */
export function warm({ root, text, cache }) {
  const script = fileURLToPath(new URL('warm-packed.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, root, text, cache], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the packed command line does not run: ${stderr}`);
}
