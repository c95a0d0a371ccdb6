import type { Handle } from '../../../test/support/local-api.js';

export const requester = (path: string, more: object = {}) => ({
  type: 'HttpRequester',
  url_base: "{{ config['base'] }}",
  path,
  http_method: 'GET',
  ...more,
});

/** A source with one stream, "reports", of jobs. */
export function manifest(retriever: object = {}, stream: object = {}) {
  return {
    version: '6.0.0',
    type: 'DeclarativeSource',
    check: { type: 'CheckStream', stream_names: ['reports'] },
    streams: [
      {
        type: 'DeclarativeStream',
        name: 'reports',
        schema_loader: { type: 'InlineSchemaLoader', schema: { type: 'object', properties: {} } },
        retriever: {
          type: 'AsyncRetriever',
          status_mapping: {
            running: ['pending'],
            completed: ['ready'],
            failed: ['failed'],
            timeout: ['timeout'],
            skipped: ['empty'],
          },
          status_extractor: { type: 'DpathExtractor', field_path: ['status'] },
          download_target_extractor: { type: 'DpathExtractor', field_path: ['urls'] },
          record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
          creation_requester: requester('/jobs', { http_method: 'POST' }),
          polling_requester: requester("/jobs/{{ creation_response['id'] }}"),
          download_requester: { type: 'HttpRequester', url_base: '{{ download_target }}', http_method: 'GET' },
          ...retriever,
        },
        ...stream,
      },
    ],
  };
}

/** Jobs 1, 2, … that are asked for their status; `statuses[job]` is used up, its last entry stays. */
export const jobs = (
  statuses: Record<number, string[]>,
  files: Record<string, unknown> = { '/file/a': [{ n: 1 }, { n: 2 }] },
): Handle => {
  let created = 0;
  return ({ method, url }, base) => {
    if (method === 'POST' && url === '/jobs') return [201, { id: ++created }];
    const [, job] = /^\/jobs\/(\d+)$/.exec(url) ?? [];
    if (job !== undefined) {
      if (method === 'DELETE') return [204];
      const left = statuses[Number(job)] ?? ['ready'];
      const status = left.length > 1 ? left.shift() : left[0];
      if (status === 'gone') return [404, {}];
      return [200, { status, urls: Object.keys(files).map((path) => `${base}${path}`) }];
    }
    const file = files[url];
    return file === undefined ? [404, {}] : [200, file];
  };
};
