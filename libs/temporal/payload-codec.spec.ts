import { describe, expect, it } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import { AesGcmCodec, deriveCodecKey } from './payload-codec.js';

const payload = () => defaultPayloadConverter.toPayload({ runId: 'marker-1234' });

describe('AesGcmCodec', () => {
  it('hides a payload and gives it back', async () => {
    const codec = new AesGcmCodec(deriveCodecKey('secret'));
    const [encoded] = await codec.encode([payload()]);
    expect(Buffer.from(encoded!.data!).toString('latin1')).not.toContain('marker-1234');
    const [decoded] = await codec.decode([encoded!]);
    expect(defaultPayloadConverter.fromPayload(decoded!)).toEqual({ runId: 'marker-1234' });
  });

  it('never encrypts the same payload to the same bytes', async () => {
    const codec = new AesGcmCodec(deriveCodecKey('secret'));
    const [a, b] = await codec.encode([payload(), payload()]);
    expect(Buffer.from(a!.data!).equals(Buffer.from(b!.data!))).toBe(false);
  });

  it('reads what an earlier key wrote, and says which key is missing', async () => {
    const old = deriveCodecKey('old');
    const [encoded] = await new AesGcmCodec(old).encode([payload()]);
    const [decoded] = await new AesGcmCodec(deriveCodecKey('new'), [old]).decode([encoded!]);
    expect(defaultPayloadConverter.fromPayload(decoded!)).toEqual({ runId: 'marker-1234' });
    await expect(new AesGcmCodec(deriveCodecKey('new')).decode([encoded!])).rejects.toThrow(old.id);
  });

  it('refuses a payload that was tampered with', async () => {
    const codec = new AesGcmCodec(deriveCodecKey('secret'));
    const [encoded] = await codec.encode([payload()]);
    const data = Buffer.from(encoded!.data!);
    data[data.length - 1]! ^= 1;
    await expect(codec.decode([{ ...encoded!, data }])).rejects.toThrow();
  });

  it('lets a payload in the clear pass', async () => {
    const plain = payload();
    expect(await new AesGcmCodec(deriveCodecKey('secret')).decode([plain])).toEqual([plain]);
  });
});
