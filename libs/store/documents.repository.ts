import { one, type Db } from './database.js';
import { contentHash } from './canonical-json.js';

/** Every activity of a run asks for the same two. */
const MOST_KEPT = 20;
const kept = new WeakMap<Db, Map<string, unknown>>();

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
  const documents = kept.get(db) ?? new Map<string, unknown>();
  kept.set(db, documents);
  const known = documents.get(request.hash);
  if (known !== undefined) return known;
  const row = one(await db.query<{ body: unknown }>('SELECT body FROM control.document WHERE hash = $1', [request.hash]));
  if (row === null) return null;
  if (documents.size >= MOST_KEPT) documents.delete(documents.keys().next().value ?? '');
  documents.set(request.hash, frozen(row.body));
  return row.body;
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
