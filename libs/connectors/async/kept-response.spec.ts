import { describe, expect, it } from '@jest/globals';
import { keepParts, partsUsed } from './kept-response.js';

describe('what a checkpoint keeps of the answer that created a job', () => {
  it('finds fields, headers and the request in every way that templates name them', () => {
    const parts = partsUsed([
      "/exports/{{creation_response['id'] }}/{{ creation_response.part }}",
      "{{ stream_slice.extra_fields['creation_response'].headers['X-Job'] }}",
      "{{ stream_slice.extra_fields.get('creation_response', {}).get('key', none) }}",
      "{{ creation_response.request.headers['Scope'] }}",
    ]);
    expect([...(parts.fields ?? [])].sort()).toEqual(['headers', 'id', 'key', 'part', 'request']);
    expect([...(parts.headers ?? [])]).toEqual(['x-job']);
    expect(parts.request).toBe(true);
  });

  it('keeps everything where the answer is used as a whole', () => {
    expect(partsUsed(['{{ creation_response | tojson }}']).fields).toBeNull();
    expect(partsUsed(['{{ creation_response[config.key] }}']).fields).toBeNull();
    expect(partsUsed(['{{ polling_response.url }}'])).toEqual({ fields: new Set(), headers: new Set(), request: false });
  });

  it('keeps the named parts only, with every digit', () => {
    const answer = { body: { id: 12345678901234567890n, other: 'x'.repeat(5_000) }, headers: { 'x-job': 'a', 'x-more': 'b' } };
    const parts = { fields: new Set(['id']), headers: new Set(['x-job']), request: false };
    expect(keepParts(parts, answer)).toEqual({ body: { id: { $exact: '12345678901234567890' } }, headers: { 'x-job': 'a' } });
  });

  it('keeps nothing of what is too large or looks like a credential', () => {
    const parts = { fields: new Set(['id', 'session_token']), headers: new Set<string>(), request: false };
    const of = (body: Record<string, unknown>) => keepParts(parts, { body, headers: {} });
    expect(of({ id: 'x'.repeat(2_000) })).toBeNull();
    expect(of({ id: 'https://files.example/a?X-Amz-Signature=abc' })).toBeNull();
    expect(of({ id: 1, session_token: 'abc' })).toBeNull();
    expect(of({ id: 'https://files.example/a?page=1' })).not.toBeNull();
  });
});
