import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { AesGcmCodec, deriveCodecKey } from './payload-codec.js';

/** Where the failure converter is, for the worker's bundler. */
const FAILURE_CONVERTER = fileURLToPath(new URL('./failure-converter.js', import.meta.url));

/**
 * How values travel to Temporal; undefined: its default, JSON in the clear (ids, names and counts only). Client and workers of an installation
 * must agree. With encryption the worker bundles its workflows itself, because the failure converter is part of the bundle.
 */
export function dataConverter(config: {
  encryption: boolean;
  secretKey: Buffer;
  oldKeys: readonly Buffer[];
}): DataConverter | undefined {
  if (!config.encryption) return undefined;
  const codec = new AesGcmCodec(deriveCodecKey(config.secretKey), config.oldKeys.map(deriveCodecKey));
  return { payloadCodecs: [codec], failureConverterPath: FAILURE_CONVERTER };
}
