export { BeyondJson, type BeyondKind } from './beyond-json.js';
export { Decimal, exactNumber } from './decimal.js';
export { isObject } from './is-object.js';
export { parseJson } from './parse-json.js';
export { escapePointer, pointerNames, toPointer, unescapePointer } from './pointer.js';
export { stringifyJson } from './stringify-json.js';
export { FIELD_SIZE, HAS_ESCAPES, IS_IRREGULAR, JsonRows, NAME_SHIFT } from './json-rows.js';
export { scanRows, type FoundRows } from './scan-rows.js';
