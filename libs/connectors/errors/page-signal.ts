import { SluiceError } from '../../errors/index.js';
import type { ResponseAction } from './resolution.js';

/** Verdicts that are not about the request but about how pages are asked for: the reader acts on them. */
export type PageAction = Extract<ResponseAction, 'RESET_PAGINATION' | 'REDUCE_PAGE_SIZE' | 'SPLIT_REQUEST_WINDOW'>;

/** Leaves a request whose page has to be asked for in another way. As an error it says that nobody there can. */
export class PageSignal extends SluiceError {
  constructor(
    readonly action: PageAction,
    label: { stream: string; request: string },
    readonly words: string | null,
  ) {
    const { stream, request } = label;
    super('SOURCE_REQUEST_REFUSED', {
      detail: `${request} of stream ${stream}: the error handler says ${action}, which the stream is not set up for${words === null ? '' : ` (${words})`}`,
      details: { stream, request, failure_type: 'config_error' },
    });
  }
}
