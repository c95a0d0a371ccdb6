import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeSessionNice, nicely } from './niceness.js';
import { end, identify, stateOf, type ProcessIdentity, type ProcessState } from './process-identity.js';
import { StackError } from './stack-error.js';

export interface ServiceCommand {
  name: string;
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  log: string;
  uid?: number;
  gid?: number;
  /** Our own Node apps watch this pipe, and say over it that they are ready. */
  ipc: boolean;
  /** The polite end. */
  stopSignal: NodeJS.Signals;
  /** How far it stands behind others that want the processor (nice). Default: 0, behind nobody. */
  niceness?: number;
}

/** What a failing service said last, for the error message. */
const LAST_LINES = 12;
const LAST_BYTES = 4_096;

function endOf(file: string): string {
  const fd = openSync(file, 'r');
  try {
    const size = fstatSync(fd).size;
    const buffer = Buffer.alloc(Math.min(size, LAST_BYTES));
    readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString().trimEnd().split('\n').slice(-LAST_LINES).join('\n  ');
  } finally {
    closeSync(fd);
  }
}

/** One running service: a process of its own group, so that a Ctrl-C at the terminal reaches the launcher only, with its log file. */
export class ServiceProcess {
  private constructor(
    readonly command: ServiceCommand,
    readonly identity: ProcessIdentity,
    private readonly child: ChildProcess,
  ) {}

  /** @throws StackError STACK_SERVICE_FAILED when the command cannot be executed. */
  static async spawn(command: ServiceCommand): Promise<ServiceProcess> {
    mkdirSync(dirname(command.log), { recursive: true });
    const log = openSync(command.log, 'a', 0o600);
    try {
      const { niceness = 0 } = command;
      const child = spawn(...nicely(niceness, command.command, command.args), {
        cwd: command.cwd,
        env: command.env,
        detached: true,
        stdio: command.ipc ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
        ...(command.uid === undefined ? {} : { uid: command.uid, gid: command.gid }),
      });
      await new Promise<void>((done, failed) => {
        child.once('spawn', done);
        child.once('error', (error) =>
          failed(
            new StackError('STACK_SERVICE_FAILED', `${command.name} could not be started: ${error.message}`, { cause: error }),
          ),
        );
      });
      child.on('error', () => {}); // a message to a process that just died
      const pid = child.pid ?? 0;
      void makeSessionNice(pid, niceness); // nobody waits for it, lest a first message be missed
      return new ServiceProcess(command, identify(pid) ?? { pid, startTime: '' }, child);
    } finally {
      closeSync(log);
    }
  }

  state(): ProcessState {
    return this.hasExited() ? 'gone' : stateOf(this.identity);
  }

  hasExited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  onExit(listener: () => void): void {
    if (this.hasExited()) listener();
    else this.child.once('exit', listener);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.child.on('message', listener);
  }

  /** `(it ended with SIGKILL)`; empty while it runs. */
  ending(): string {
    return this.hasExited() ? `(it ended with ${this.child.signalCode ?? `exit code ${this.child.exitCode}`})` : '';
  }

  /** How it ended and its last lines: the reader should not need to open the log. */
  failure(what: string): StackError {
    const { name, log } = this.command;
    const said = [name, what, this.ending()].filter((part) => part !== '').join(' ');
    return new StackError('STACK_SERVICE_FAILED', `${said}. Its log, ${log}, ends:\n  ${endOf(log)}`);
  }

  async stop(graceMs: number): Promise<void> {
    if (!this.hasExited()) await end(this.identity, this.command.stopSignal, graceMs);
  }
}
