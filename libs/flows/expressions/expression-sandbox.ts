import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '../../errors/index.js';
import { fromMarkedJson, toMarkedJson } from './exact-numbers.js';
import type { Checked, Evaluated, ProcessAnswer, ProcessRequest, ToCheck, ToEvaluate } from './protocol.js';

export interface SandboxOptions {
  /** What runs in the process. Default: the compiled file beside this one. */
  script?: string;
  /** For one expression, in ms. Default 2,000. */
  timeoutMs?: number;
  /** Of the process's heap, in MiB. Default 128. */
  memoryMb?: number;
}

/** Until a new process begins with its first expression. */
const START_MS = 30_000;
/** Of the JSON text that expressions see. */
const MAX_CONTEXT = 16 * 1024 * 1024;
/** Of the JSON text that one gives. */
const MAX_OUTPUT = 1024 * 1024;

/** What one expression gave. `undefined`: it has no value. */
export type ExpressionResult = { ok: true; value: unknown } | { ok: false; message: string; position: number | null };

type Raw = Checked | Evaluated;
type Answer = { done: readonly Raw[] } | { at: number; message: string };

/** Whoever waits for the process. */
interface Hearing {
  message(answer: ProcessAnswer): void;
  /** By itself: undefined. */
  ended(error: Error | undefined): void;
}

/**
 * Evaluates CEL and JSONata in a process of its own, one request after the other, within limits of time, memory, depth and size. An expression that
 * breaks them fails, and a new process takes the next; nothing that it does reaches ours.
 */
export class ExpressionSandbox {
  private readonly script: string;
  private readonly timeoutMs: number;
  private readonly memoryMb: number;
  private child: ChildProcess | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private hear: Hearing | undefined;
  private count = 0;

  constructor({ script, timeoutMs = 2_000, memoryMb = 128 }: SandboxOptions = {}) {
    this.script = script ?? fileURLToPath(new URL('./expression-process.js', import.meta.url));
    this.timeoutMs = timeoutMs;
    this.memoryMb = memoryMb;
  }

  check(expressions: readonly ToCheck[]): Promise<readonly Checked[]> {
    return this.each(expressions, (some) => ({ check: some })) as Promise<readonly Checked[]>;
  }

  /** `context`: an object, with exact numbers. Errors: none; those of expressions are their results. */
  async evaluate(context: unknown, expressions: readonly ToEvaluate[]): Promise<readonly ExpressionResult[]> {
    const text = toMarkedJson(context);
    if (text.length > MAX_CONTEXT)
      return expressions.map(() => ({ ok: false, message: `sees more than ${MAX_CONTEXT} characters`, position: null }));
    const results = await this.each(expressions, (some) => ({
      evaluate: { context: text, expressions: some, maxOutput: MAX_OUTPUT },
    }));
    return (results as readonly Evaluated[]).map((result) =>
      result.ok ? { ok: true, value: result.value === null ? undefined : fromMarkedJson(result.value) } : result,
    );
  }

  async close(): Promise<void> {
    await this.last;
    if (this.child !== undefined) await end(this.child);
    this.child = undefined;
  }

  /** What ends the process is the result of one; the others are asked again. */
  private async each<T>(
    items: readonly T[],
    request: (some: readonly T[]) => Omit<ProcessRequest, 'id'>,
  ): Promise<readonly Raw[]> {
    const results: Raw[] = [];
    while (results.length < items.length) {
      const answer = await this.inTurn(() => this.ask(request(items.slice(results.length))));
      if ('done' in answer) results.push(...answer.done);
      else {
        // Those before it were not answered: alone they are.
        const { at } = answer;
        if (at > 0) results.push(...(await this.each(items.slice(results.length, results.length + at), request)));
        results.push({ ok: false, message: answer.message, position: null });
      }
    }
    return results;
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => {});
    return turn;
  }

  private ask(request: Omit<ProcessRequest, 'id'>): Promise<Answer> {
    const child = (this.child ??= this.start());
    const id = (this.count += 1);
    return new Promise((resolve, reject) => {
      let at = 0;
      const over = (): void => {
        clearTimeout(timer);
        this.hear = undefined;
        letGo(child);
      };
      const broken = (message: string): void => {
        over();
        this.child = undefined;
        void end(child).then(() => resolve({ at, message }));
      };
      const limit = (ms: number) => setTimeout(() => broken(`takes longer than ${ms} ms`), ms);
      let timer = limit(START_MS);
      this.hear = {
        message: (answer) => {
          if (answer.id !== id) return;
          if ('done' in answer) {
            over();
            resolve(answer);
            return;
          }
          at = answer.at;
          clearTimeout(timer);
          timer = limit(this.timeoutMs);
        },
        ended: (error) => {
          if (error === undefined) return broken('takes too much memory');
          over();
          this.child = undefined;
          reject(new SluiceError('INTERNAL', { detail: 'expressions cannot be evaluated', cause: error }));
        },
      };
      child.ref();
      child.channel?.ref();
      child.send({ id, ...request });
    });
  }

  private start(): ChildProcess {
    const child = fork(this.script, [], {
      execArgv: [`--max-old-space-size=${this.memoryMb}`],
      // It has no reason to know ours, and what it says when it runs out of memory is expected.
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const current = (): Hearing | undefined => (this.child === child ? this.hear : undefined);
    child.on('message', (answer) => current()?.message(answer as ProcessAnswer));
    child.on('error', (error) => current()?.ended(error));
    child.on('exit', () => {
      const waiting = current();
      if (this.child === child) this.child = undefined;
      waiting?.ended(undefined);
    });
    return child;
  }
}

/** A process that has nothing to do keeps nobody from ending. */
function letGo(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await gone;
}
