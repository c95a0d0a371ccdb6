import { CancellationScope, CancelledFailure, condition, defineUpdate, isCancellation, setHandler } from '@temporalio/workflow';
import { PAUSE_UPDATE, RESUME_UPDATE, type ControlAnswer } from '../libs/contracts/workflows.js';

const pauseUpdate = defineUpdate<ControlAnswer>(PAUSE_UPDATE);
const resumeUpdate = defineUpdate<ControlAnswer>(RESUME_UPDATE);

/** `work` holds a worker's slot and drains when interrupted; a `wait` is a timer; `hold` holds something at the source for those at work. */
type StepKind = 'work' | 'wait' | 'hold';
interface Step {
  stream: string;
  kind: StepKind;
  scope: CancellationScope;
}

/** What can be done to a run from outside: pause and resume by update, cancel natively. Steps run under it, so that they can be interrupted. */
export class SyncControls {
  private readonly root = CancellationScope.current();
  private readonly steps = new Set<Step>();
  private ended = false;

  constructor(private isPaused: boolean) {
    setHandler(pauseUpdate, () => this.pause(), {
      description: 'Stops reading, commits what was read, and waits.',
      validator: () => refuseIf(this.ended || this.root.consideredCancelled || this.isPaused, 'the run cannot be paused now'),
    });
    setHandler(resumeUpdate, () => this.resume(), {
      description: 'Goes on from what was committed.',
      validator: () => refuseIf(this.ended || this.root.consideredCancelled || !this.isPaused, 'the run is not paused'),
    });
  }

  get paused(): boolean {
    return this.isPaused;
  }

  /** Steps that hold a worker's slot now. */
  get atWork(): number {
    return [...this.steps].filter((step) => step.kind === 'work').length;
  }

  /** Whether the source is still made to hold something. */
  get holds(): boolean {
    return [...this.steps].some((step) => step.kind === 'hold');
  }

  /** Resolves when the run is not paused; throws CancelledFailure when it was cancelled. */
  async go(): Promise<void> {
    if (this.root.consideredCancelled) throw new CancelledFailure('the run was cancelled');
    if (this.isPaused) await condition(() => !this.isPaused);
  }

  /** Runs one step. undefined: it was interrupted (by a pause, or because its stream failed) before it had a result. */
  async step<T>(stream: string, kind: StepKind, work: () => Promise<T>): Promise<T | undefined> {
    const scope = new CancellationScope();
    const step = { stream, kind, scope };
    this.steps.add(step);
    try {
      return await scope.run(work);
    } catch (error) {
      if (isCancellation(error) && !this.root.consideredCancelled) return undefined;
      throw error;
    } finally {
      this.steps.delete(step);
    }
  }

  /** Interrupts the steps of a stream. */
  interruptStream(stream: string): void {
    for (const step of this.steps) if (step.stream === stream) step.scope.cancel();
  }

  /** Interrupts timers: something better than waiting is to be done. */
  interruptWaits(): void {
    for (const step of this.steps) if (step.kind === 'wait') step.scope.cancel();
  }

  /** From now on nothing can be done to the run any more. */
  end(): void {
    this.ended = true;
  }

  private pause(): ControlAnswer {
    this.isPaused = true;
    for (const step of this.steps) step.scope.cancel();
    return { paused: true };
  }

  private resume(): ControlAnswer {
    this.isPaused = false;
    return { paused: false };
  }
}

function refuseIf(refused: boolean, why: string): void {
  if (refused) throw new Error(why);
}
