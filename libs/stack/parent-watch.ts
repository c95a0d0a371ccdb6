/** What an app started by the launcher does about it: says that it is ready, and leaves when the launcher is gone. */

/** How long an app may drain after its launcher died; the launcher promises an empty machine after 10 s. */
const HARD_EXIT_MS = 8_000;

export interface ReadyMessage {
  ready: true;
  /** Where the app listens, `http://127.0.0.1:PORT`; absent for a worker. */
  address?: string;
}

/** Tells the launcher that this app is ready. Does nothing for an app that was started by hand. */
export function reportReady(address?: string): void {
  const message: ReadyMessage = { ready: true, ...(address === undefined ? {} : { address }) };
  // The callback swallows the error of a launcher that died meanwhile: `disconnect` deals with that.
  process.send?.(message, undefined, undefined, () => {});
}

/**
 * Ends this process when the launcher that started it goes away, even by kill -9: the IPC pipe closes, the app gets its ordinary
 * SIGTERM path, and after 8 s a hard exit. Does nothing for an app that was started by hand. Call it once, first thing in main.
 */
export function exitWithParent(): void {
  if (!process.channel) return;
  process.once('disconnect', () => {
    setTimeout(() => process.exit(1), HARD_EXIT_MS).unref();
    process.kill(process.pid, 'SIGTERM');
  });
  // Watching must not keep an app alive that has nothing else to do.
  process.channel.unref();
}
