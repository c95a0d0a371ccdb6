import type { ConnectionOpener } from '../../libs/contracts/connection-opener.port.js';
import type { Destination } from '../../libs/contracts/destination.port.js';
import type { Finding, FindingCounts, SourceCopy, Verifier } from '../../libs/contracts/verifier.port.js';
import { SluiceError } from '../../libs/errors/index.js';
import {
  openRunDestination,
  openRunSource,
  pinnedCatalog,
  streamScope,
  type RunScope,
  type StreamScope,
} from '../../libs/runs/run-scope.js';
import { isIncremental } from '../../libs/runs/stream-target.js';
import { loadVerificationScope } from '../../libs/runs/verification-scope.js';
import {
  addFindings,
  clearFindings,
  findActiveRun,
  getSync,
  inTransaction,
  setVerificationStream,
  type Pool,
  type VerificationRow,
} from '../../libs/store/index.js';
import { readSource } from './read-source.js';

interface Deps {
  pool: Pool;
  opener: ConnectionOpener;
}
/** Rows of a stream that are named, of all kinds together; more are counted only. */
const MOST_NAMED = 10_000;
const LIVE = 'live';

interface Seen {
  rows: number;
  records: number | null;
  found: FindingCounts;
  repaired: number;
  notes: string[];
  findings: Finding[];
}

/** Verifies one stream as the last run saw it: with the version, catalog and manifest that were pinned then. What it finds goes to the store. */
export async function verifyStream(
  { pool, opener }: Deps,
  { verificationId, stream }: { verificationId: string; stream: string },
  signal: AbortSignal,
): Promise<{ rows: number; findings: number }> {
  const { verification, scope } = await loadVerificationScope(pool, verificationId);
  const catalog = scope === null ? null : await pinnedCatalog(pool, scope);
  if (scope === null || catalog === null)
    return store(
      pool,
      { verificationId, stream },
      { ...nothing(), notes: ['no run of the sync has begun: there is nothing to verify'] },
    );
  const subject = streamScope(scope, catalog, stream);
  const destination = await openRunDestination(opener, scope);
  try {
    const verifier = verifierOf(destination);
    const seen = await inspect(pool, verifier, { subject, verification });
    if (seen === null)
      return await store(pool, { verificationId, stream }, { ...nothing(), notes: ['the stream was never loaded'] });
    if (verification.source && seen.found.layout === undefined)
      await compare({ pool, opener, verifier }, { scope, subject, verification, seen, signal });
    return await store(pool, { verificationId, stream }, seen);
  } finally {
    await destination.close();
  }
}

const nothing = (): Seen => ({ rows: 0, records: null, found: {}, repaired: 0, notes: [], findings: [] });

function verifierOf({ verifier }: Destination): Verifier {
  if (verifier === undefined)
    throw new SluiceError('DESTINATION_UNSUPPORTED', { detail: 'this destination’s tables cannot be verified' });
  return verifier;
}

const keyOf = ({ ref }: StreamScope) => ({ ...ref, lane: LIVE });

async function inspect(
  pool: Pool,
  verifier: Verifier,
  { subject, verification }: { subject: StreamScope; verification: VerificationRow },
): Promise<Seen | null> {
  const active = (await findActiveRun(pool, { syncId: verification.syncId, lane: LIVE })) !== null;
  const { target } = subject;
  const request = { key: keyOf(subject), target, active, copied: verification.source, limit: MOST_NAMED };
  const inspection = await verifier.inspect(request);
  if (inspection === null) return null;
  return { ...nothing(), rows: inspection.rows, found: inspection.counts, findings: [...inspection.findings] };
}

interface Comparison {
  scope: RunScope;
  subject: StreamScope;
  verification: VerificationRow;
  seen: Seen;
  signal: AbortSignal;
}

/** Reads the source again and adds what differs to `seen`. Errors: VERIFICATION_DISTURBED when a run was started meanwhile. */
async function compare(
  { pool, opener, verifier }: Deps & { verifier: Verifier },
  { scope, subject, verification, seen, signal }: Comparison,
): Promise<void> {
  const { ref, target, descriptor } = subject;
  const copy = await openCopy(verifier, subject, seen);
  if (copy === null) return;
  try {
    const { source } = await openRunSource(pool, opener, scope);
    try {
      await readSource({
        source,
        copy,
        stream: ref.stream,
        incremental: isIncremental(target),
        resume: descriptor.resume,
        signal,
      });
    } finally {
      await source.close();
    }
    const repairing = verification.repair ? { ...keyOf(subject), runId: verification.id, epoch: verification.epoch } : null;
    const { rows, counts, notes } = await copy.compare({ repairing });
    await assertUndisturbed(pool, verification);
    // Children may be wrong where no row is.
    const isWrong = Object.keys(counts).length > 0 || seen.found.children !== undefined;
    if (repairing !== null && isWrong) seen.repaired = await copy.repair();
    for (const [kind, n] of Object.entries(counts) as [keyof FindingCounts, number][])
      seen.found[kind] = (seen.found[kind] ?? 0) + n;
    for await (const batch of copy.findings()) {
      seen.findings.push(...batch.slice(0, MOST_NAMED - seen.findings.length));
      if (seen.findings.length >= MOST_NAMED) break;
    }
    seen.rows = rows;
    seen.records = copy.records;
    seen.notes.push(...notes);
  } finally {
    await copy.close();
  }
}

/** null: tables of this mode are not compared with the source; that is noted. */
async function openCopy(verifier: Verifier, subject: StreamScope, seen: Seen): Promise<SourceCopy | null> {
  try {
    return await verifier.copy({ key: keyOf(subject), target: subject.target });
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'DESTINATION_UNSUPPORTED') throw error;
    seen.notes.push(error.detail ?? 'not compared with the source');
    return null;
  }
}

/** A run makes the table newer than what was read of the source: what differs then is no finding. */
async function assertUndisturbed(pool: Pool, { syncId, epoch }: VerificationRow): Promise<void> {
  const sync = await getSync(pool, { id: syncId });
  if (sync?.epoch !== epoch) throw new SluiceError('VERIFICATION_DISTURBED', { details: { sync: syncId } });
}

async function store(
  pool: Pool,
  { verificationId: id, stream }: { verificationId: string; stream: string },
  { findings, ...seen }: Seen,
): Promise<{ rows: number; findings: number }> {
  const all = Object.values(seen.found).reduce((sum, n) => sum + n, 0);
  if (all > findings.length) seen.notes.push(`${findings.length} of ${all} findings are named`);
  await inTransaction(pool, async (tx) => {
    await clearFindings(tx, { id, stream });
    await addFindings(tx, { id, stream, findings });
    await setVerificationStream(tx, { id, stream, state: 'verified', ...seen });
  });
  return { rows: seen.rows, findings: all };
}
