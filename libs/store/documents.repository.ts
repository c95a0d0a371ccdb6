import { one, type Db } from './database.js';
import { contentHash } from './canonical-json.js';
import { Kept } from './kept.js';

/** Every activity of a run asks for the same two. */
const kept = new Kept<unknown>(20);

/** Keeps a manifest or catalog under the hash of its canonical JSON, which it returns. Equal documents are kept once. */
export async function putDocument(db: Db, request: { body: unknown }): Promise<string> {
  const hash = contentHash(request.body);
  await db.query('INSERT INTO control.document (hash, body) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING', [
    hash,
    JSON.stringify(request.body),
  ]);
  return hash;
}

/** A document is its hash: it is read once, and shared. Frozen, all of it. null: there is none. */
export async function getDocument(db: Db, request: { hash: string }): Promise<unknown> {
  const known = kept.get(db, request.hash);
  if (known !== undefined) return known;
  const row = one(await db.query<{ body: unknown }>('SELECT body FROM control.document WHERE hash = $1', [request.hash]));
  return row === null ? null : kept.keep(db, request.hash, row.body);
}
