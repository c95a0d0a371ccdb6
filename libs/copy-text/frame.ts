/** Of a CopyData message: its type and its length. */
export const FRAME_BYTES = 5;
