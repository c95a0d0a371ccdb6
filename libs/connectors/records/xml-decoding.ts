import type { Encoded } from './decoder.js';
import { textEncoding, type TextEncoding } from './text-encoding.js';
import { parseXml } from './xml.js';

/** The one document of an XML answer; no body at all is an empty object, as with JSON. */
export function xmlBodies({ body, headers }: Encoded): readonly unknown[] {
  if (body.length === 0) return [{}];
  return [parseXml(encodingOf(body, headers['content-type'])(body))];
}

/** By the header's charset, else by the document's own declaration, else UTF-8. */
function encodingOf(body: Buffer, contentType: string | string[] | undefined): TextEncoding['read'] {
  const [, charset] = /charset\s*=\s*"?([^\s";]+)/i.exec(String(contentType ?? '')) ?? [];
  const [, declared] = /^(?:\xef\xbb\xbf)?<\?xml[^>]*\sencoding\s*=\s*["']([^"']+)/.exec(body.toString('latin1', 0, 200)) ?? [];
  const utf8: TextEncoding['read'] = (bytes) => bytes.toString('utf8');
  return textEncoding(charset ?? declared ?? 'utf-8')?.read ?? utf8;
}
