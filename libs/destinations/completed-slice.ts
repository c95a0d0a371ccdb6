import type { SliceWriter } from '../contracts/destination.port.js';
import type { Position } from '../contracts/stream.js';
import { SluiceError } from '../errors/index.js';

/** The writer of a slice that an earlier attempt completed: there is nothing left to write. */
export function completedSlice({ position }: { position: Position | null }): SliceWriter {
  const refuse = () => Promise.reject(new SluiceError('INTERNAL', { detail: 'the slice is complete' }));
  return {
    position,
    completed: true,
    committedChunks: 0,
    write: refuse,
    commit: refuse,
    complete: refuse,
    close: () => Promise.resolve(),
  };
}
