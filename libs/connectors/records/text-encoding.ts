/** Bytes to text, as Python's codec of that name does it: strictly. Throws SyntaxError for bytes that are not of the encoding. */
export type ReadText = (bytes: Buffer) => string;

const LATIN1 = new Set(['latin-1', 'latin1', 'iso-8859-1', 'iso8859-1', '8859', 'l1', 'cp819']);

/** The codec of a Python encoding's name; null: there is none here. */
export function textEncoding(name: string): ReadText | null {
  const label = name.trim().toLowerCase().replaceAll('_', '-');
  // The web's "iso-8859-1" is windows-1252; Python's is not.
  if (LATIN1.has(label)) return (bytes) => bytes.toString('latin1');
  if (label === 'utf-8-sig') return strict(new TextDecoder('utf-8', { fatal: true }));
  if (label === 'utf-16' || label === 'utf16') return (bytes) => strict(utf16(bytes))(bytes);
  try {
    return strict(new TextDecoder(label.replace(/^cp(?=125\d$)/, 'windows-'), { fatal: true, ignoreBOM: true }));
  } catch {
    return null;
  }
}

const utf16 = (bytes: Buffer) =>
  new TextDecoder(bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-16le', { fatal: true });

const strict =
  (decoder: { decode(bytes: Buffer): string; readonly encoding: string }): ReadText =>
  (bytes) => {
    try {
      return decoder.decode(bytes);
    } catch {
      throw new SyntaxError(`not ${decoder.encoding}`);
    }
  };
