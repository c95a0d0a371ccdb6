import type { SignatureFile } from '../contracts/webhook-file.schema.js';

/** Something that is signed: text that stands as it is, or what is put in. */
export type ContentPart = { text: string } | { put: 'body' | 'timestamp' | 'id' } | { header: string };

/** How a provider proves that it sent something. Names of headers are lower-case. */
export type SignatureRule =
  | {
      kind: 'hmac';
      header: string;
      algorithm: 'sha1' | 'sha256' | 'sha384' | 'sha512';
      encoding: 'hex' | 'base64' | 'base64url';
      prefix: string;
      /** Between several signatures or fields in the header; null: it holds one. */
      separator: string | null;
      /** The header holds `name=value` fields, and the signature is the one of this name. */
      field: string | null;
      content: readonly ContentPart[];
      timestamp: {
        from: { header: string } | { field: string };
        unit: 'seconds' | 'milliseconds' | 'iso';
        toleranceMs: number;
      } | null;
      idHeader: string | null;
      secret: 'text' | 'base64' | 'hex' | 'whsec';
    }
  | { kind: 'token'; header: string; prefix: string }
  | { kind: 'none' };

type HmacRule = Extract<SignatureRule, { kind: 'hmac' }>;

const BODY: readonly ContentPart[] = [{ put: 'body' }];
const PLAIN: Omit<HmacRule, 'header'> = {
  ...{ kind: 'hmac', algorithm: 'sha256', encoding: 'hex', prefix: '', separator: null, field: null },
  ...{ content: BODY, timestamp: null, idHeader: null, secret: 'text' },
};
const seconds = (from: { header: string } | { field: string }, tolerance: number): HmacRule['timestamp'] => ({
  ...{ from, unit: 'seconds', toleranceMs: tolerance * 1_000 },
});

/** The rule of a scheme, from what its provider publishes. Pure. */
export function signatureRule(file: SignatureFile): SignatureRule {
  switch (file.scheme) {
    // https://github.com/standard-webhooks/standard-webhooks: `v1,<base64>` of `id.timestamp.body`, several separated by spaces.
    case 'standard_webhooks':
      return {
        ...{ ...PLAIN, header: 'webhook-signature', encoding: 'base64', prefix: 'v1,', separator: ' ', secret: 'whsec' },
        content: [{ put: 'id' }, { text: '.' }, { put: 'timestamp' }, { text: '.' }, ...BODY],
        ...{ idHeader: 'webhook-id', timestamp: seconds({ header: 'webhook-timestamp' }, file.tolerance_seconds) },
      };
    // https://docs.stripe.com/webhooks/signature: `t=…,v1=…` of `timestamp.body`.
    case 'stripe':
      return {
        ...{ ...PLAIN, header: 'stripe-signature', separator: ',', field: 'v1' },
        content: [{ put: 'timestamp' }, { text: '.' }, ...BODY],
        timestamp: seconds({ field: 't' }, file.tolerance_seconds),
      };
    // https://docs.slack.dev/authentication/verifying-requests-from-slack: `v0=…` of `v0:timestamp:body`.
    case 'slack':
      return {
        ...{ ...PLAIN, header: 'x-slack-signature', prefix: 'v0=' },
        content: [{ text: 'v0:' }, { put: 'timestamp' }, { text: ':' }, ...BODY],
        timestamp: seconds({ header: 'x-slack-request-timestamp' }, file.tolerance_seconds),
      };
    // https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
    case 'github':
      return { ...PLAIN, header: 'x-hub-signature-256', prefix: 'sha256=' };
    // https://shopify.dev/docs/apps/build/webhooks/subscribe/https
    case 'shopify':
      return { ...PLAIN, header: 'x-shopify-hmac-sha256', encoding: 'base64' };
    case 'hmac':
      return {
        ...{ kind: 'hmac', header: file.header.toLowerCase(), algorithm: file.algorithm, encoding: file.encoding },
        ...{ prefix: file.prefix, separator: file.separator ?? null, field: file.field ?? null, secret: file.secret },
        content: contentParts(file.content),
        idHeader: file.id?.header.toLowerCase() ?? null,
        timestamp:
          file.timestamp === undefined
            ? null
            : {
                from: 'header' in file.timestamp ? { header: file.timestamp.header.toLowerCase() } : file.timestamp,
                ...{ unit: file.timestamp_unit, toleranceMs: file.tolerance_seconds * 1_000 },
              },
      };
    case 'token':
      return { kind: 'token', header: file.header.toLowerCase(), prefix: file.prefix };
    case 'none':
      return { kind: 'none' };
    default: {
      const never: never = file;
      throw new Error(`unknown scheme ${String(never)}`);
    }
  }
}

const PUT_IN = /\{(body|timestamp|id|header:[^{}]+)\}/;

function contentParts(template: string): ContentPart[] {
  return template
    .split(PUT_IN)
    .map((part, index): ContentPart => {
      if (index % 2 === 0) return { text: part };
      return part.startsWith('header:')
        ? { header: part.slice('header:'.length).toLowerCase() }
        : { put: part as 'body' | 'timestamp' | 'id' };
    })
    .filter((part) => !('text' in part) || part.text !== '');
}

/** What makes a rule useless, with the place in the file's `signature`. */
export function ruleErrors(file: SignatureFile): { path: string; message: string }[] {
  const rule = signatureRule(file);
  if (rule.kind !== 'hmac') return [];
  const puts = (name: string): boolean => rule.content.some((part) => 'put' in part && part.put === name);
  const errors: { path: string; message: string }[] = [];
  const wrong = (path: string, message: string): void => void errors.push({ path, message });
  if (!puts('body')) wrong('/content', 'has no {body}: what is not signed can be anybody’s');
  if (rule.timestamp !== null && !puts('timestamp'))
    wrong('/timestamp', 'is not in `content`: a time that is not signed keeps no replay out');
  if (puts('timestamp') && rule.timestamp === null) wrong('/timestamp', 'is needed: {timestamp} is in `content`');
  if (puts('id') && rule.idHeader === null) wrong('/id', 'is needed: {id} is in `content`');
  if (rule.field !== null && rule.separator === null) wrong('/separator', 'is needed: `field` names one of several');
  if (rule.timestamp !== null && 'field' in rule.timestamp.from && rule.separator === null)
    wrong('/separator', 'is needed: the time is one of several fields');
  const unknown = rule.content.flatMap((part) => ('text' in part ? (/\{[^{}]*\}/.exec(part.text) ?? []) : []));
  if (unknown.length > 0) wrong('/content', `does not know ${unknown.join(', ')}`);
  return errors;
}
