import { CancellationScope, condition, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { RunState } from '../libs/contracts/run-state.js';
import type { MoverProgress, StreamProgress, SyncCarry } from '../libs/contracts/workflows.js';
import { SLUICE_STATUS } from '../libs/contracts/search-attributes.js';
import { reportRun } from './sync-activities.js';
import type { SyncControls } from './sync-controls.js';
import { withThousands } from './sync.policy.js';

/** Events; the server ends a workflow at 51,200. */
const LONGEST_HISTORY = 40_000;

type ShownState = 'running' | 'rate_limited' | 'paused';

/** One run while it is under way: its progress, and how the store and Temporal's UI are told of it. */
export class SyncRun {
  private readonly waits = new Map<MoverProgress, number>();
  private shown: ShownState;
  private reporting: Promise<void> | undefined;
  private ended = false;

  constructor(
    readonly id: string,
    readonly carry: SyncCarry,
    readonly controls: SyncControls,
  ) {
    this.shown = carry.paused ? 'paused' : 'running';
    this.show();
  }

  /** Whether the history has become long enough to go on in a new one. */
  get leaving(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    // A new history takes a new snapshot, and streams that are bound to one would begin anew.
    const bound = this.carry.streams.some(
      ({ state, snapshot }) => state === 'open' && snapshot?.bound === true && snapshot.holder > 0,
    );
    if (bound && historyLength < LONGEST_HISTORY) return false;
    const { continueAfterEvents } = this.carry.settings;
    return continueAsNewSuggested || (continueAfterEvents > 0 && historyLength >= continueAfterEvents);
  }

  /** The source allows nothing before `until`; undefined: it does. */
  setWait(mover: MoverProgress, until: number | undefined): void {
    if (until === undefined) this.waits.delete(mover);
    else this.waits.set(mover, until);
  }

  /** Refreshes what Temporal's UI says about the run. */
  show(): void {
    const line = (stream: StreamProgress) => `- ${stream.name}: ${stream.state}, ${withThousands(stream.rows)} rows`;
    setCurrentDetails([`**${this.shown}**`, ...this.carry.streams.slice(0, 50).map(line)].join('\n\n'));
  }

  /** From now on the store shows the state that the run is in. */
  startReporting(): void {
    this.reporting = CancellationScope.nonCancellable(async () => {
      for (;;) {
        await condition(() => this.ended || this.state() !== this.shown);
        if (this.ended) return;
        this.shown = this.state();
        this.show();
        showStatus(this.shown);
        const until = this.shown === 'rate_limited' ? Math.min(...this.waits.values()) : undefined;
        await reportRun({ runId: this.id, state: this.shown, ...(until === undefined ? {} : { until }) });
      }
    });
  }

  async stopReporting(): Promise<void> {
    this.ended = true;
    await this.reporting;
  }

  private state(): ShownState {
    const idle = this.controls.atWork === 0;
    if (this.controls.paused) return idle && !this.controls.holds ? 'paused' : this.shown;
    return idle && this.waits.size > 0 ? 'rate_limited' : 'running';
  }
}

/** Only where the cluster knows the attribute: the run was started with it then. An unknown one would fail the workflow's task for ever. */
export function showStatus(state: RunState): void {
  if (workflowInfo().typedSearchAttributes.get(SLUICE_STATUS) === undefined) return;
  upsertSearchAttributes([{ key: SLUICE_STATUS, value: state }]);
}
