import { theOne, type Db } from './database.js';

/** The identity of this installation, made by the first migration: what table ownership at destinations is recorded under. */
export async function getInstallationId(db: Db): Promise<string> {
  return theOne(await db.query<{ id: string }>('SELECT id FROM control.installation')).id;
}

/** The workspace that everything belongs to as long as there is only one. */
export async function getDefaultWorkspaceId(db: Db): Promise<string> {
  return theOne(await db.query<{ id: string }>(`SELECT id FROM control.workspace WHERE name = 'default'`)).id;
}
