export { CopyLines, lineFormat, type LineFormat } from './copy-lines.js';
export { splitLine, type Decoding, type LineField } from './decode-rows.js';
export { FRAME_BYTES } from './frame.js';
