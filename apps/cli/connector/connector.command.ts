import { Command, InvalidArgumentError } from 'commander';
import type { ReadOptions } from './read.js';
import type { SourceFiles } from './source-files.js';

const seconds = (text: string): number => {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Expected a whole number of seconds.');
  return Number(text);
};

const target = (text: string, before: readonly string[]): readonly string[] => {
  if (!/^(\[[0-9a-fA-F:.]+\]|[^\s:/@[\]*,]+):\d{1,5}$/.test(text)) throw new InvalidArgumentError('Expected host:port.');
  return [...before, text];
};

const withEnvironment = <Options extends SourceFiles>(options: Options): Options => {
  const named = (process.env['SLUICE_EGRESS_ALLOW'] ?? '').split(',').map((part) => part.trim());
  return { ...options, allow: [...options.allow, ...named.filter((part) => part !== '')] };
};

/** `sluice connector …`: a manifest on this machine, without a stack. What a command does is imported when it runs. */
export function connectorCommand(): Command {
  const connector = new Command('connector').description(
    "run or check a connector manifest (Airbyte's declarative format) by itself; messages are Airbyte's, on stdout",
  );
  withFiles(connector.command('read'))
    .description('read streams: RECORD, STATE and TRACE messages, one a line; exit code 1 when a stream failed')
    .requiredOption('--catalog <file>', 'which streams, and how (a configured Airbyte catalog, JSON)')
    .option('--state <file>', 'the last STATE messages of an earlier read (a JSON list)')
    .option('--now <time>', 'freeze the clock at an ISO time; long waits are then cut short')
    .option('--max-wait <seconds>', 'a stream that has to wait longer than this fails', seconds, 600)
    .action(async (options: ReadOptions) => {
      const [{ read }, { processOutput }] = await Promise.all([import('./read.js'), import('./output.js')]);
      process.exitCode = await read(withEnvironment(options), processOutput());
    });
  connector
    .command('validate <manifest>')
    .description(
      'compile a manifest: every error and warning with its place, what was found and what is allowed; exit code 1 when it cannot run',
    )
    .action(async (manifest: string) => {
      const [{ validate }, { processOutput }] = await Promise.all([import('./validate.js'), import('./output.js')]);
      process.exitCode = await validate(manifest, processOutput());
    });
  withFiles(connector.command('check'))
    .description('call the source once: do address and credentials work? A CONNECTION_STATUS message; exit code 1 when not')
    .action(async (options: SourceFiles) => {
      const [{ check }, { processOutput }] = await Promise.all([import('./check.js'), import('./output.js')]);
      process.exitCode = await check(withEnvironment(options), processOutput());
    });
  withFiles(connector.command('discover'))
    .description('list the streams with their schemas, as a CATALOG message')
    .action(async (options: SourceFiles) => {
      const [{ discover }, { processOutput }] = await Promise.all([import('./discover.js'), import('./output.js')]);
      process.exitCode = await discover(withEnvironment(options), processOutput());
    });
  return connector;
}

function withFiles(command: Command): Command {
  return command
    .requiredOption('--manifest <file>', 'the manifest, YAML or JSON')
    .requiredOption('--config <file>', 'the configuration, JSON; it may hold secrets')
    .option(
      '--allow <host:port>',
      'a private address that may be called; repeatable, and as in SLUICE_EGRESS_ALLOW. Loopback addresses written in the manifest or the config are allowed',
      target,
      [],
    );
}
