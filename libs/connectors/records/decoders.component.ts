import { parseJson } from '../../json/index.js';
import { defineComponent, type Component } from '../manifest/component.js';

/** Turns a body into what extractors and paginators look at. Throws SyntaxError; an empty body is {}. */
export type Decoder = (body: Buffer) => unknown;

export const decodeJson: Decoder = (body) => (body.length === 0 ? {} : parseJson(body));

const jsonDecoder = defineComponent({ type: 'JsonDecoder', fields: {}, build: (): Decoder => decodeJson });

const jsonlDecoder = defineComponent({
  type: 'JsonlDecoder',
  fields: {},
  build: (): Decoder => (body) =>
    body
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map(parseJson),
});

/** A new decoder joins here. */
export const decoders: readonly Component<Decoder>[] = [jsonDecoder, jsonlDecoder];
