import { describe, expect, it } from '@jest/globals';
import { compileTemplate } from '../template/template.js';
import { scopeOf, type SliceSpec } from './environment.js';

const slice = (values: Record<string, unknown>, extra: Record<string, unknown>): SliceSpec => ({
  partition: { values, extra },
  window: null,
  global: false,
  parents: null,
});
const render = (template: string, spec: SliceSpec): unknown => compileTemplate(template).evaluate(scopeOf({}, 0, spec));

// Measured with airbyte-cdk 7.39.1.
describe('a slice in templates', () => {
  it.each([
    ['{{ stream_slice }}', {}],
    ["{{ 'some' if stream_partition else 'none' }}", 'none'],
    ['{{ stream_interval | length }}', 0],
  ])('is empty where it has neither partition nor window: %s', (template, expected) => {
    expect(render(template, slice({}, {}))).toEqual(expected);
  });

  it.each([
    ['{{ stream_slice }}', { id: 7 }],
    ["{{ stream_slice.items() | map('first') | join(',') }}", 'id'],
    ['{{ stream_slice.extra_fields.name }}', 'A'],
    ["{{ stream_partition.extra_fields['name'] }}", 'A'],
    ["{{ stream_partition['extra_fields']['name'] }}", 'A'],
  ])('has its extra fields by name only: %s', (template, expected) => {
    expect(render(template, slice({ id: 7 }, { name: 'A' }))).toEqual(expected);
  });
});
