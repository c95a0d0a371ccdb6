export { Decimal, exactNumber } from './decimal.js';
export { isObject } from './is-object.js';
export { parseJson } from './parse-json.js';
export { stringifyJson } from './stringify-json.js';
