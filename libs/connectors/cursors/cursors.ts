import type { Component } from '../manifest/component.js';
import type { Cursor } from './cursor.js';
import { datetimeBasedCursor } from './datetime-based-cursor.component.js';
import { incrementingCountCursor } from './incrementing-count-cursor.component.js';

/** A new cursor joins here. */
export const cursors = (): readonly Component<Cursor>[] => [datetimeBasedCursor, incrementingCountCursor];
