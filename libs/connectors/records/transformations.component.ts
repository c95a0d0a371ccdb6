import type { Component } from '../manifest/component.js';
import { addFields } from './add-fields.component.js';
import { dpathFlattenFields, flattenFields } from './flatten.component.js';
import { keysReplace, keysToLower, keysToSnakeCase } from './keys.component.js';
import { removeFields } from './remove-fields.component.js';
import type { Transformation } from './transformation.js';

export type { Transformation } from './transformation.js';

/** A new transformation joins here. */
export const transformations: readonly Component<Transformation>[] = [
  addFields,
  removeFields,
  keysToLower,
  keysToSnakeCase,
  keysReplace,
  flattenFields,
  dpathFlattenFields,
];
