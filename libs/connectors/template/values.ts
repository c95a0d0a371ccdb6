/** The values of the template language: what they are, how Python writes them, and how they are looked through. */
export * from './types.js';
export * from './mapping.js';
export * from './iteration.js';
export { PyDict } from './py-dict.js';
export { HeaderNames } from './header-names.js';
export { floatText, repr, str } from './repr.js';
