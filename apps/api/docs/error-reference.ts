import { ERROR_TABLE, errorEntry, type ErrorCode } from '../../../libs/errors/index.js';

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** A page with every code: what the `type` of a problem leads to. */
export function errorReference(): string {
  const sections = (Object.keys(ERROR_TABLE) as ErrorCode[]).map((code) => {
    const { title, next, kind, http } = errorEntry(code);
    return `<section id="${code.toLowerCase()}"><h2>${code}</h2><p>${escape(title)}.</p><p>${escape(next)}</p><p><small>${kind}, HTTP ${http}</small></p></section>`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sluice: error codes</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}h2{font-family:monospace}:target{background:#fff3c4}</style>
</head><body><h1>Error codes</h1>${sections.join('\n')}</body></html>`;
}
