import { join } from 'node:path';
import type { Peer } from './peer.js';
import { programCase } from './program.case.js';
import { pythonEnvironment } from './python-environment.js';
import { withoutTls } from './sling.case.js';

/** The last one whose program is in the package; later ones download it when they are first used. */
const INGESTR_VERSION = '0.15.9';

/** ingestr, one JSONL download. */
export const ingestrPeer: Peer = {
  name: 'ingestr',
  async find({ modes, work, databaseUrl, file, say }) {
    const requirements = [`ingestr==${INGESTR_VERSION}`];
    const found = await pythonEnvironment({ name: 'ingestr', version: INGESTR_VERSION, requirements, say });
    if ('missing' in found) return found;
    const folder = join(work, 'ingestr');
    return modes.map((mode) =>
      programCase({
        ...{ peer: 'ingestr', mode, rows: file.rows, folder },
        command: (schema) => ({
          program: join(found.bin, 'ingestr'),
          args: [
            ...['ingest', '--source-uri', file.url, '--source-table', 'events'],
            ...['--dest-uri', withoutTls(databaseUrl), '--dest-table', `${schema}.events`],
            ...['--incremental-strategy', mode === 'append' ? 'append' : 'merge', '--primary-key', 'id'],
            ...['--progress', 'log', '--yes', '--pipelines-dir', folder],
          ],
        }),
      }),
    );
  },
};
