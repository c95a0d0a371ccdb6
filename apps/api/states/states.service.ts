import { Inject, Injectable } from '@nestjs/common';
import type { ConnectionOpener } from '../../../libs/contracts/connection-opener.port.js';
import type { Source, SourceStates } from '../../../libs/contracts/source.port.js';
import type { NewSyncState, ReplayState, RestoreState, StateHistoryQuery } from '../../../libs/contracts/state.schema.js';
import type { StateChange, StateOrigin, StreamStates } from '../../../libs/contracts/stream-states.port.js';
import type { StreamState } from '../../../libs/contracts/stream.js';
import type { SyncSpec } from '../../../libs/contracts/sync-spec.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { inQuietLane } from '../../../libs/runs/index.js';
import { getInstallationId, type Pool, type SyncRow } from '../../../libs/store/index.js';
import { OPENER, POOL } from '../core/tokens.js';
import { numberCursor, pageOfRows } from '../http/cursor.js';
import { currentVersion, SyncsService } from '../syncs/syncs.service.js';
import { stateBetween } from './state-between.js';
import { changeView } from './state-view.js';

interface Key {
  workspaceId: string;
  id: string;
}
interface Opened {
  sync: SyncRow;
  spec: SyncSpec;
  source: Source;
  states: StreamStates;
}
/** A new state of a stream, from where it was found at `version`. */
interface Change {
  name: string;
  version: number;
  state: StreamState;
}

const HISTORY = 'state-history';
const LIVE = 'live';

/** The states of a sync's streams, which lie at its destination. */
@Injectable()
export class StatesService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(OPENER) private readonly opener: ConnectionOpener,
    @Inject(SyncsService) private readonly syncs: SyncsService,
  ) {}

  /** Errors: NOT_FOUND, those of the connections. */
  get(key: Key & { lane: string }) {
    return this.opened(key, (opened) => this.show(opened, key.lane));
  }

  /** Errors: NOT_FOUND, VALIDATION_FAILED, STATE_INVALID, RUN_ACTIVE, VERSION_CONFLICT. */
  set(key: Key & { lane: string; body: NewSyncState }) {
    return this.opened(key, async (opened) => {
      const { streams } = key.body;
      assertNames(
        opened.spec,
        streams.map(({ name }) => name),
        (index) => `/streams/${index}/name`,
      );
      const changes: Change[] = [];
      for (const [index, { name, version, state }] of streams.entries()) {
        if (state !== null && state.stream.stream_descriptor.name !== name)
          throw wrong(`/streams/${index}/state/stream/stream_descriptor/name`, `must be ${name}`);
        const given = state?.stream.stream_state ?? null;
        changes.push({ name, version, state: await readState(opened.source.states, name, given, `/streams/${index}`) });
      }
      return this.write(key, opened, { lane: key.lane, changes, origin: 'set' });
    });
  }

  /** Errors: NOT_FOUND, VALIDATION_FAILED. */
  history(key: Key & { query: StateHistoryQuery }) {
    const { stream, lane, limit, cursor } = key.query;
    return this.opened(key, async ({ source, states, spec }) => {
      assertNames(spec, [stream], () => '/stream');
      const installation = await getInstallationId(this.pool);
      const before = numberCursor(HISTORY, cursor);
      const rows = await states.history({ key: { installation, syncId: key.id, stream, lane }, before, limit: limit + 1 });
      return pageOfRows(HISTORY, {
        rows,
        limit,
        after: ({ version }: StateChange) => version,
        view: (change: StateChange) => changeView(stream, change, source.states),
      });
    });
  }

  /** Errors: NOT_FOUND, VALIDATION_FAILED, RUN_ACTIVE, VERSION_CONFLICT. */
  restore(key: Key & { body: RestoreState }) {
    return this.opened(key, async (opened) => {
      const { stream, restore, version } = key.body;
      assertNames(opened.spec, [stream], () => '/stream');
      const installation = await getInstallationId(this.pool);
      const at = { installation, syncId: key.id, stream, lane: LIVE };
      const [found] = await opened.states.history({ key: at, before: restore + 1, limit: 1 });
      if (found?.version !== restore) throw wrong('/restore', 'is not a version of the history; list it to see which are kept');
      const changes = [{ name: stream, version, state: found.state }];
      return this.write(key, opened, { lane: LIVE, changes, origin: 'restored' });
    });
  }

  /** Errors: NOT_FOUND, VALIDATION_FAILED, STATE_NOT_POSSIBLE, STATE_INVALID, RUN_ACTIVE, VERSION_CONFLICT. */
  replay(key: Key & { body: ReplayState }) {
    return this.opened(key, async (opened) => {
      const { streams, from } = key.body;
      assertNames(
        opened.spec,
        streams.map(({ name }) => name),
        (index) => `/streams/${index}/name`,
      );
      const changes: Change[] = [];
      for (const { name, version } of streams)
        changes.push({ name, version, state: await stateBetween(opened.source.states, { stream: name, from, to: null }) });
      return this.write(key, opened, { lane: LIVE, changes, origin: 'replayed' });
    });
  }

  private async write(
    { workspaceId, id }: Key,
    opened: Opened,
    { lane, changes, origin }: { lane: string; changes: readonly Change[]; origin: StateOrigin },
  ) {
    await inQuietLane(this.pool, { workspaceId, syncId: id, lane }, ({ ref }) =>
      opened.states.write({ changes: changes.map(({ name, ...change }) => ({ ...change, ref: ref(name), origin })) }),
    );
    return this.show(opened, lane);
  }

  private async show({ sync, spec, source, states }: Opened, lane: string) {
    const installation = await getInstallationId(this.pool);
    const names = spec.streams.map(({ name }) => name);
    const found = await states.read({ keys: names.map((stream) => ({ installation, syncId: sync.id, stream, lane })) });
    return {
      sync_id: sync.id,
      lane,
      streams: names.map((name) => ({ name, ...changeView(name, found.get(name), source.states) })),
    };
  }

  private async opened<T>(key: Key, work: (opened: Opened) => Promise<T>): Promise<T> {
    const sync = await this.syncs.find(key);
    const { spec } = await currentVersion(this.pool, sync);
    const { workspaceId } = key;
    const { source } = await this.opener.openSource({ workspaceId, connectionId: sync.sourceId });
    try {
      const destination = await this.opener.openDestination({ workspaceId, connectionId: sync.destinationId });
      try {
        const { states } = destination;
        if (states === undefined)
          throw new SluiceError('DESTINATION_UNSUPPORTED', { detail: 'this destination does not show its states' });
        return await work({ sync, spec, source, states });
      } finally {
        await destination.close().catch(() => {});
      }
    } finally {
      await source.close().catch(() => {});
    }
  }
}

/** A source that cannot tell takes any object. */
async function readState(states: SourceStates | undefined, stream: string, state: unknown, path: string): Promise<StreamState> {
  if (states === undefined) return state as StreamState;
  try {
    return await states.read({ stream, state });
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'STATE_INVALID') throw error;
    throw new SluiceError('STATE_INVALID', {
      ...{ details: error.details, cause: error, detail: error.detail ?? stream },
      errors: error.errors.map((field) => ({ ...field, path: `${path}/state/stream/stream_state${field.path}` })),
    });
  }
}

function assertNames(spec: SyncSpec, names: readonly string[], path: (index: number) => string): void {
  const allowed = spec.streams.map(({ name }) => name);
  const errors = names.flatMap((name, index) => {
    if (!allowed.includes(name)) return [{ path: path(index), message: 'is not a stream of the sync', found: name, allowed }];
    return names.indexOf(name) === index ? [] : [{ path: path(index), message: 'is there twice', found: name }];
  });
  if (errors.length > 0) throw new SluiceError('VALIDATION_FAILED', { errors });
}

const wrong = (path: string, message: string): SluiceError =>
  new SluiceError('VALIDATION_FAILED', { errors: [{ path, message }] });
