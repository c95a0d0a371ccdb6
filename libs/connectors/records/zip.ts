import { inflateRawSync } from 'node:zlib';
import { MAX_UNPACKED_BYTES, tooLarge, unpack } from './decoder.js';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
const MAX_FILES = 10_000;
const ENCRYPTED = 1;

const broken = (): SyntaxError => new SyntaxError('the zip body is broken');

/**
 * The files of a ZIP archive in the order of its directory, unpacked one after the other; folders are left out. All of them together stay
 * under the cap of a body. Stored and deflated files; no encryption, no ZIP64 (an archive that needs it is larger than a body may be).
 */
export function* zipFiles(archive: Buffer): Generator<Buffer> {
  let at = directoryStart(archive);
  let total = 0;
  for (let count = 0; at + 46 <= archive.length && archive.readUInt32LE(at) === DIRECTORY_ENTRY; count++) {
    if (count >= MAX_FILES) throw tooLarge('zip');
    const flags = archive.readUInt16LE(at + 8);
    const method = archive.readUInt16LE(at + 10);
    const packedBytes = archive.readUInt32LE(at + 20);
    const nameBytes = archive.readUInt16LE(at + 28);
    const restBytes = archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
    const header = archive.readUInt32LE(at + 42);
    const isFolder = archive[at + 46 + nameBytes - 1] === 47;
    at += 46 + nameBytes + restBytes;
    if (isFolder && packedBytes === 0) continue;
    if ((flags & ENCRYPTED) !== 0) throw new SyntaxError('the zip body is encrypted');
    const file = unpackFile(fileData(archive, header, packedBytes), method);
    total += file.length;
    if (total > MAX_UNPACKED_BYTES) throw tooLarge('zip');
    yield file;
  }
}

function unpackFile(packed: Buffer, method: number): Buffer {
  if (method === 0) return packed;
  if (method === 8) return unpack('zip', (options) => inflateRawSync(packed, options));
  throw new SyntaxError(`the zip body is packed by method ${method}`);
}

function fileData(archive: Buffer, header: number, packedBytes: number): Buffer {
  if (header + 30 > archive.length || archive.readUInt32LE(header) !== LOCAL_HEADER) throw broken();
  // The local header has a name and an extra field of its own.
  const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
  if (start + packedBytes > archive.length) throw broken();
  return archive.subarray(start, start + packedBytes);
}

/** The end record stands last, before a comment of up to 65,535 bytes. */
function directoryStart(archive: Buffer): number {
  for (let at = archive.length - 22; at >= Math.max(0, archive.length - 65_557); at--) {
    if (archive.readUInt32LE(at) === END_OF_DIRECTORY) {
      const start = archive.readUInt32LE(at + 16);
      if (start > at) throw broken();
      return start;
    }
  }
  throw broken();
}
