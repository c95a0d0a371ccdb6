/** Bytes to text, as Python's codec of a name does it: strictly. Errors: SyntaxError for bytes that are not of the encoding. */
export interface TextEncoding {
  read: (bytes: Buffer) => string;
  /** Reads a text that comes in pieces, which may cut characters. */
  open: () => ReadPiece;
}
/** `last`: nothing follows. */
export type ReadPiece = (piece: Buffer, last: boolean) => string;

const LATIN1 = new Set(['latin-1', 'latin1', 'iso-8859-1', 'iso8859-1', '8859', 'l1', 'cp819']);
const latin1 = (bytes: Buffer): string => bytes.toString('latin1');

/** The codec of a Python encoding's name; null: there is none here. */
export function textEncoding(name: string): TextEncoding | null {
  const label = name.trim().toLowerCase().replaceAll('_', '-');
  // The web's "iso-8859-1" is windows-1252; Python's is not.
  if (LATIN1.has(label)) return { read: latin1, open: () => latin1 };
  if (label === 'utf-8-sig') return strict(() => new TextDecoder('utf-8', { fatal: true }));
  if (label === 'utf-16' || label === 'utf16') return utf16;
  const open = () => new TextDecoder(label.replace(/^cp(?=125\d$)/, 'windows-'), { fatal: true, ignoreBOM: true });
  try {
    open();
  } catch {
    return null;
  }
  return strict(open);
}

/** The byte order is told by the first two bytes. */
const utf16: TextEncoding = {
  read: (bytes) => utf16.open()(bytes, true),
  open() {
    let read: ReadPiece | undefined;
    let held = Buffer.alloc(0);
    return (piece, last) => {
      if (read === undefined) {
        held = Buffer.concat([held, piece]);
        if (held.length < 2 && !last) return '';
        const order = held[0] === 0xfe && held[1] === 0xff ? 'utf-16be' : 'utf-16le';
        read = strict(() => new TextDecoder(order, { fatal: true })).open();
        return read(held, last);
      }
      return read(piece, last);
    };
  },
};

type Decoder = InstanceType<typeof TextDecoder>;

function strict(create: () => Decoder): TextEncoding {
  const decode = (decoder: Decoder, bytes: Buffer, last: boolean): string => {
    try {
      return decoder.decode(bytes, { stream: !last });
    } catch {
      throw new SyntaxError(`not ${decoder.encoding}`);
    }
  };
  const whole = create();
  return {
    read: (bytes) => decode(whole, bytes, true),
    open() {
      const decoder = create();
      return (piece, last) => decode(decoder, piece, last);
    },
  };
}
