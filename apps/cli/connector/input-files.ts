import { readFileSync } from 'node:fs';
import type { JsonObject } from '../../../libs/contracts/json.js';
import type { StreamState } from '../../../libs/contracts/stream.js';
import { isObject, parseJson } from '../../../libs/json/index.js';
import { InputError } from './input-error.js';

/** A stream that is to be read, and how. */
export interface ConfiguredStream {
  name: string;
  incremental: boolean;
}

/** `what`: the file's part in the command, for the message. Throws InputError. */
export function readText(what: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : (code ?? 'unreadable');
    throw new InputError(`The ${what} ${path} cannot be read: ${reason}.`);
  }
}

/** The configuration, with every digit of its numbers. Throws InputError; its content is not repeated, it may hold secrets. */
export function readConfig(text: string, path: string): JsonObject {
  const config = json(text, 'config', path);
  if (!isObject(config)) throw new InputError(`The config ${path} is no JSON object.`);
  return config as JsonObject;
}

/** Airbyte's ConfiguredAirbyteCatalog. Throws InputError. */
export function readCatalog(text: string, path: string): ConfiguredStream[] {
  const catalog = json(text, 'catalog', path);
  const streams = isObject(catalog) ? catalog['streams'] : undefined;
  if (!Array.isArray(streams)) throw new InputError(`The catalog ${path} has no list "streams" (a configured Airbyte catalog).`);
  return streams.map((entry: unknown, index) => {
    const stream = isObject(entry) ? entry['stream'] : undefined;
    const name = isObject(stream) ? stream['name'] : undefined;
    if (!isObject(entry) || typeof name !== 'string')
      throw new InputError(`The catalog ${path} has no name at streams[${index}].stream.name.`);
    const mode = entry['sync_mode'] ?? 'full_refresh';
    if (mode !== 'full_refresh' && mode !== 'incremental')
      throw new InputError(`The catalog ${path} has at streams[${index}].sync_mode neither full_refresh nor incremental.`);
    return { name, incremental: mode === 'incremental' };
  });
}

/** The last state of each stream, from a list of Airbyte's STATE messages of type STREAM. Throws InputError. */
export function readStates(text: string, path: string): Map<string, StreamState> {
  const messages = json(text, 'state', path);
  if (!Array.isArray(messages))
    throw new InputError(
      `The state ${path} is no list of messages {"type": "STREAM", "stream": {…}} (Airbyte's per-stream state).`,
    );
  const states = new Map<string, StreamState>();
  messages.forEach((message: unknown, index) => {
    const stream = isObject(message) ? message['stream'] : undefined;
    const descriptor = isObject(stream) ? stream['stream_descriptor'] : undefined;
    const name = isObject(descriptor) ? descriptor['name'] : undefined;
    if (!isObject(stream) || typeof name !== 'string')
      throw new InputError(`The state ${path} has no name at [${index}].stream.stream_descriptor.name.`);
    const state = stream['stream_state'];
    if (isObject(state)) states.set(name, state as JsonObject);
  });
  return states;
}

function json(text: string, what: string, path: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new InputError(`The ${what} ${path} is not valid JSON.`);
  }
}
