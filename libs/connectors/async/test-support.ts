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
