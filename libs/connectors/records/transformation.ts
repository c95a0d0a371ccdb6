import type { SourceRecord } from '../../contracts/stream.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';

/** Changes a record in place; `scope` has it as `record`. Throws SOURCE_BAD_RESPONSE where the record has another shape than it needs. */
export type Transformation = (record: SourceRecord, scope: Scope) => void;

/** A condition that says nothing holds always. */
export const isCondition = (condition: Interpolation | undefined): condition is Interpolation =>
  condition !== undefined && condition.template.source !== '';

/** The scope with more names in it. */
export const withNames = (scope: Scope, names: Readonly<Record<string, unknown>>): Scope => ({
  ...scope,
  names: { ...scope.names, ...names },
});
