import { describe, expect, it } from '@jest/globals';
import { readCatalog, readConfig, readStates, readText } from './input-files.js';
import { loopbackTargets } from './loopback-targets.js';

describe('files of a command', () => {
  it.each([
    [() => readText('manifest', '/nowhere/m.yaml'), 'The manifest /nowhere/m.yaml cannot be read: there is no such file.'],
    [() => readText('manifest', '/'), 'The manifest / cannot be read: it is a folder.'],
    [() => readConfig('{"password": "s3cret', 'c.json'), 'The config c.json is not valid JSON.'],
    [() => readConfig('[]', 'c.json'), 'The config c.json is no JSON object.'],
    [() => readCatalog('{}', 'k.json'), 'The catalog k.json has no list "streams" (a configured Airbyte catalog).'],
    [() => readCatalog('{"streams":[{}]}', 'k.json'), 'The catalog k.json has no name at streams[0].stream.name.'],
    [
      () => readCatalog('{"streams":[{"stream":{"name":"a"},"sync_mode":"all"}]}', 'k.json'),
      'The catalog k.json has at streams[0].sync_mode neither full_refresh nor incremental.',
    ],
    [() => readStates('[{}]', 's.json'), 'The state s.json has no name at [0].stream.stream_descriptor.name.'],
  ])('are refused in words: %#', (work, message) => {
    expect(work).toThrow(expect.objectContaining({ name: 'InputError', message }));
  });

  it('may call the loopback addresses that they write out as a URL, and no other private ones', () => {
    const text =
      'http://127.0.0.1:8799/x https://localhost/ http://[::1]:80/ http://10.0.0.1:80 http://127.0.0.1.example.com:81/ 127.0.0.1:9';
    expect(loopbackTargets(text, 'http://127.0.0.1:8799/again')).toEqual(['127.0.0.1:8799', 'localhost:443', '[::1]:80']);
  });
});
