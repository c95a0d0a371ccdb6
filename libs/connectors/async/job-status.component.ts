import { defineComponent } from '../manifest/component.js';
import { list, optional, text } from '../manifest/fields.js';

export type JobStatus = 'running' | 'completed' | 'failed' | 'timeout' | 'skipped';

/** What the source's own words for a job's status mean. */
export type StatusMap = ReadonlyMap<string, JobStatus>;

export const asyncJobStatusMap = defineComponent({
  type: 'AsyncJobStatusMap',
  fields: {
    running: list(text()),
    completed: list(text()),
    failed: list(text()),
    timeout: list(text()),
    skipped: optional(list(text()), []),
  },
  build(fields, place): StatusMap {
    const meanings = new Map<string, JobStatus>();
    for (const [status, words] of Object.entries(fields) as [JobStatus, readonly string[]][])
      for (const [index, word] of words.entries()) {
        const known = meanings.get(word);
        if (known !== undefined)
          place.compiler.reject({
            path: `${place.pointer}/${status}/${index}`,
            message: `the status already means ${known}`,
            found: word,
          });
        meanings.set(word, status);
      }
    return meanings;
  },
});
