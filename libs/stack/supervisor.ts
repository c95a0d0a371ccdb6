import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { checkoutRoot } from './home.js';
import { identify, signal, type ProcessState } from './process-identity.js';
import type { Keeper } from './keeper.js';
import type { Service } from './service.js';
import { ServiceProcess } from './service-process.js';
import { StackError } from './stack-error.js';
import { endServices, removeStackFile, writeStackFile, type RecordedService, type StackFile } from './stack-file.js';

export interface ServiceInfo extends RecordedService {
  /** `stopped` is frozen by SIGSTOP; `gone` has died or was stopped. */
  state: ProcessState;
}

/** Ctrl-C at most this long: apps drain, then the servers close, and what is left is killed. */
const STOP_GRACE_MS = { apps: 5_000, servers: 3_000 };
/** Retried starts (a port taken, PostgreSQL after kill -9) are given up after this. */
const RETRY_WITHIN_MS = 20_000;
const RETRY_PAUSE_MS = 300;

interface Entry {
  service: Service;
  process: ServiceProcess;
  address: string;
}

/** Owns the service processes of one home: starts, watches, signals and ends them, and keeps stack.json and the reaper informed. */
export class Supervisor {
  private readonly entries = new Map<string, Entry>();
  private reaper: ChildProcess | undefined;
  private stopping: Promise<void> | undefined;
  private readonly file: StackFile;
  /** By service: counts each time that somebody had it started or stopped. */
  private readonly orders = new Map<string, number>();

  /** Without a `keeper`, a service that dies stays down until it is restarted. */
  constructor(
    home: string,
    private readonly keeper?: Keeper,
  ) {
    const launcher = identify(process.pid) ?? { pid: process.pid, startTime: '' };
    this.file = { home, launcher, reaper: undefined, control: undefined, links: {}, services: [] };
    this.startReaper();
  }

  /** Adds to what `status` shows, and to how the CLI reaches this launcher. */
  publish(change: Partial<Pick<StackFile, 'control' | 'links'>>): void {
    Object.assign(this.file, change);
    this.record();
  }

  services(): ServiceInfo[] {
    return [...this.entries.values()].map(({ service, process: running, address }) => ({
      name: service.name,
      ...running.identity,
      address,
      log: running.command.log,
      stopSignal: running.command.stopSignal,
      state: running.state(),
    }));
  }

  /** Starts a service and waits until it answers. @throws StackError STACK_SERVICE_FAILED with the end of its log. */
  start(service: Service): Promise<ServiceInfo> {
    this.ordered(service.name);
    return this.launch(service);
  }

  private async launch(service: Service): Promise<ServiceInfo> {
    const retryUntil = Date.now() + RETRY_WITHIN_MS;
    const order = this.orders.get(service.name);
    for (;;) {
      if (this.stopping) throw new StackError('STACK_NOT_UP', `${service.name} was not started: the stack is being stopped.`);
      const entry: Entry = { service, process: await ServiceProcess.spawn(await service.command()), address: '' };
      this.entries.set(service.name, entry);
      entry.process.onExit(() => this.record());
      this.record();
      try {
        entry.address = await untilReady(service, entry.process);
        this.record();
        this.keep(entry, order);
        return this.service(service.name);
      } catch (error) {
        await entry.process.stop(0);
        const again =
          !this.stopping && error instanceof Error && service.worthRetrying?.(error) === true && Date.now() < retryUntil;
        if (!again) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
  }

  private ordered(name: string): void {
    this.orders.set(name, (this.orders.get(name) ?? 0) + 1);
  }

  /** Where there is a keeper: it starts the service again if it dies without an order. */
  private keep({ service, process: running }: Entry, order: number | undefined): void {
    const { keeper } = this;
    if (keeper === undefined) return;
    const since = performance.now();
    const unattended = () => !this.stopping && this.orders.get(service.name) === order;
    running.onExit(() => {
      if (!unattended()) return;
      const ranMs = performance.now() - since;
      const start = () => this.launch(service);
      void keeper.startAgain({ name: service.name, ending: running.ending(), ranMs, start, unattended });
    });
  }

  /** @throws StackError STACK_UNKNOWN_SERVICE naming the ones there are. */
  service(name: string): ServiceInfo {
    const found = this.services().find((service) => service.name === name);
    if (!found)
      throw new StackError(
        'STACK_UNKNOWN_SERVICE',
        `There is no service ${name} here; there are: ${[...this.entries.keys()].join(', ')}.`,
      );
    return found;
  }

  kill(name: string, signalName: NodeJS.Signals): void {
    signal(this.service(name), signalName);
  }

  /** Ends one service politely (kills it after the grace), and leaves it down. */
  async stopService(name: string): Promise<void> {
    this.service(name);
    this.ordered(name);
    await this.entries.get(name)?.process.stop(STOP_GRACE_MS.apps);
    this.record();
  }

  /** Same ports, same data. */
  async restart(name: string): Promise<ServiceInfo> {
    await this.stopService(name);
    const entry = this.entries.get(name);
    if (!entry) throw new StackError('STACK_UNKNOWN_SERVICE', `There is no service ${name} here.`);
    return this.start(entry.service);
  }

  /** Ends everything; a second call waits for the first. */
  stop(): Promise<void> {
    this.stopping ??= (async () => {
      await endServices(this.services(), STOP_GRACE_MS);
      this.reaper?.removeAllListeners('exit');
      this.reaper?.kill('SIGKILL');
      removeStackFile(this.file.home);
    })();
    return this.stopping;
  }

  private startReaper(): void {
    const reaper = fork(join(checkoutRoot(), 'dist', 'libs', 'stack', 'reaper.js'), {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
      env: { PATH: process.env.PATH },
    });
    reaper.once('exit', () => setTimeout(() => !this.stopping && this.startReaper(), RETRY_PAUSE_MS).unref());
    reaper.on('error', () => {});
    reaper.unref();
    reaper.channel?.unref();
    this.reaper = reaper;
    this.file.reaper = reaper.pid === undefined ? undefined : identify(reaper.pid);
    this.record();
  }

  private record(): void {
    if (this.stopping) return;
    this.file.services = this.services().map(({ state: _state, ...service }) => service);
    writeStackFile(this.file);
    this.reaper?.send(this.file.services, () => {});
  }
}

/** Ready, dead or too late: whatever comes first. */
async function untilReady(service: Service, process: ServiceProcess): Promise<string> {
  const over = new AbortController();
  let late: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_, fail) => {
    process.onExit(() => !over.signal.aborted && fail(process.failure('ended before it was ready')));
    late = setTimeout(
      () => fail(process.failure(`was not ready within ${service.readyWithinMs / 1000} s`)),
      service.readyWithinMs,
    );
  });
  try {
    return await Promise.race([service.ready(process, over.signal), failed]);
  } finally {
    clearTimeout(late);
    over.abort();
  }
}
