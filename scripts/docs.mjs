// `npm run docs`: writes the generated pages anew.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensureReady } from './setup.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
await ensureReady({ build: true });
const { errorPage } = await import('../dist/libs/errors/error-page.js');
writeFileSync('docs/errors.md', errorPage());
const { sluiceFileSchemaText } = await import('../dist/libs/contracts/sluice-file-schema-text.js');
writeFileSync('docs/sluice.schema.json', sluiceFileSchemaText());
const { flowSchemaText } = await import('../dist/libs/contracts/flow-schema-text.js');
writeFileSync('docs/flow.schema.json', flowSchemaText());
