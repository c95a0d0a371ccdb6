export { compareCursors, cursorValue, type CompareCursors, type CursorOrder, type CursorValue } from './compare-cursor.js';
export { ChunkCutter } from './chunk-cutter.js';
export { ChunkSizer, type ChunkLimits } from './chunk-size.policy.js';
export { ReadAhead, type Next } from './read-ahead.js';
export { recordsOf, rowsOf } from './page.js';
