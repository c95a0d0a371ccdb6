export { compareCursors, cursorValue, type CompareCursors, type CursorOrder, type CursorValue } from './compare-cursor.js';
