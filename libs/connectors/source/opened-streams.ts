import { missingWords } from '../custom/available.js';
import type { DynamicStreams } from '../dynamic/dynamic-stream.component.js';
import { SluiceError } from '../../errors/index.js';
import type { Environment } from './environment.js';
import { resolveDynamicStreams, type GeneratedStream } from '../dynamic/resolve-streams.js';
import { scopeOf } from './environment.js';
import type { StreamModel } from './stream-model.js';
import type { UnavailableStream } from './streams.component.js';

export interface StreamsOfConnection {
  streams: readonly StreamModel[];
  unavailable: readonly UnavailableStream[];
}

/** The streams of one configuration: what the manifest names, and what templates stand for, found once. */
export class OpenedStreams {
  private readonly own: StreamsOfConnection;
  private resolving: Promise<readonly GeneratedStream[]> | undefined;
  private generated: readonly GeneratedStream[] = [];

  constructor(
    model: { streams: readonly StreamModel[]; unavailable: readonly UnavailableStream[]; dynamic: readonly DynamicStreams[] },
    private readonly environment: Environment,
    private readonly signal: AbortSignal,
  ) {
    const scope = scopeOf(environment.config, environment.now(), null);
    const isHere = ({ when }: Pick<StreamModel, 'when'>): boolean => when === undefined || when.holds(scope);
    const here = model.streams.filter(isHere);
    this.own = {
      // As in Airbyte: of streams with one name the last is read.
      streams: here.filter(({ name }, index) => here.findLastIndex((other) => other.name === name) === index),
      unavailable: model.unavailable.filter(isHere),
    };
    this.dynamic = model.dynamic;
  }

  private readonly dynamic: readonly DynamicStreams[];

  /** All, in the order of the catalog. Errors: those of the source where it tells which streams it has. */
  async all(): Promise<StreamsOfConnection> {
    const generated = await this.resolved();
    return {
      streams: [...this.own.streams, ...generated.flatMap(({ listed }) => ('model' in listed ? [listed.model] : []))],
      unavailable: [...this.own.unavailable, ...generated.flatMap(({ listed }) => ('model' in listed ? [] : [listed]))],
    };
  }

  /** The readable streams that one template stands for. */
  async generatedBy(template: string): Promise<StreamModel[]> {
    const generated = await this.resolved();
    return generated.flatMap(({ listed, template: of }) => (of === template && 'model' in listed ? [listed.model] : []));
  }

  /** Errors: UNKNOWN_STREAM, STREAM_UNAVAILABLE, and those of `all`. */
  async find(name: string): Promise<StreamModel> {
    // What the manifest names itself needs no call.
    if (!this.isOwn(name)) await this.resolved();
    return this.known(name);
  }

  /** As `find`, for a stream that was found before. */
  known(name: string): StreamModel {
    const generated = this.generated.map(({ listed }) => listed);
    const found = [...this.own.streams.map((model) => ({ model })), ...this.own.unavailable, ...generated].find(
      (listed) => ('model' in listed ? listed.model.name : listed.name) === name,
    );
    if (found === undefined) throw new SluiceError('UNKNOWN_STREAM', { detail: name, details: { stream: name } });
    if ('model' in found) return found.model;
    throw new SluiceError('STREAM_UNAVAILABLE', {
      detail: `the stream "${name}" ${missingWords(found.missing)}`,
      details: { stream: name },
    });
  }

  /** It is known without asking the source. */
  isKnown(name: string): boolean {
    return this.isOwn(name) || this.generated.some(({ listed }) => ('model' in listed ? listed.model : listed).name === name);
  }

  private isOwn(name: string): boolean {
    return [...this.own.streams, ...this.own.unavailable].some((stream) => stream.name === name);
  }

  private async resolved(): Promise<readonly GeneratedStream[]> {
    if (this.dynamic.length === 0) return [];
    this.resolving ??= resolveDynamicStreams(this.dynamic, this.environment, this.signal);
    try {
      this.generated = await this.resolving;
    } catch (error) {
      // The next one asks again.
      this.resolving = undefined;
      throw error;
    }
    return this.generated;
  }
}
