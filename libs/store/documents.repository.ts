import { one, type Db } from './database.js';
import { contentHash } from './canonical-json.js';

/** Keeps a manifest or catalog under the hash of its canonical JSON, which it returns. Equal documents are kept once. */
export async function putDocument(db: Db, request: { body: unknown }): Promise<string> {
  const hash = contentHash(request.body);
  await db.query('INSERT INTO control.document (hash, body) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING', [
    hash,
    JSON.stringify(request.body),
  ]);
  return hash;
}

export async function getDocument(db: Db, request: { hash: string }): Promise<unknown> {
  const row = one(await db.query<{ body: unknown }>('SELECT body FROM control.document WHERE hash = $1', [request.hash]));
  return row?.body ?? null;
}
