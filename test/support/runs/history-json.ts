import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;
type History = ReturnType<typeof History.fromObject>;

/** What only says where a history was recorded: hosts, processes, paths. Replay does not look at it. */
const PLACES = ['identity', 'stackTrace', 'workerVersion', 'deploymentOptions', 'binaryChecksum'];

/** A history as reviewable JSON. (The SDK's own historyToJSON fails on npm's usual layout: it meets two copies of protobufjs.) */
export function historyToText(history: Parameters<typeof History.fromObject>[0]): string {
  const plain = History.toObject(History.fromObject(history), { enums: String, longs: String, bytes: String });
  return `${JSON.stringify(plain, (name, value: unknown) => (PLACES.includes(name) ? undefined : anonymous(value)), 1)}\n`;
}

/** The way back, for replay. */
export function historyFromText(text: string): History {
  return History.fromObject(JSON.parse(text) as Record<string, unknown>);
}

/** Names of sticky queues begin with process and host. */
function anonymous(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/^\d+@[^-]+/, 'worker') : value;
}
