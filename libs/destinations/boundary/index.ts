export { BoundaryWatch, type BoundaryBase, type BoundaryChange, type BoundaryKey } from './boundary-watch.js';
export { digestWatch } from './digest-watch.js';
