/** The UUID of nothing (RFC 9562 §5.9). */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** The UUID of a version that 16 bytes make (RFC 9562 §4); what says version and variant is written over in place. */
export function uuidOf(version: 7 | 8, bytes: Buffer): string {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | (version << 4), 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
