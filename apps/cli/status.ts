import { readStackFile, resolveHome, stateOf } from '../../libs/stack/index.js';

const EXIT_NOT_UP = 3;

const WORDS = { running: 'running', stopped: 'frozen', gone: 'dead' } as const;

/** A table of the services as they are right now, judged by pid and start time. */
export function status(): void {
  const home = resolveHome();
  const file = readStackFile(home);
  if (!file || stateOf(file.launcher) === 'gone') {
    const left = (file?.services ?? []).filter((service) => stateOf(service) !== 'gone').map(({ name }) => name);
    console.log(
      `Nothing is up in ${home}.${left.length > 0 ? ` Left by a launcher that died: ${left.join(', ')} (bin/sluice down ends them).` : ''}`,
    );
    process.exitCode = EXIT_NOT_UP;
    return;
  }
  const rows = [
    ['NAME', 'STATE', 'PID', 'ADDRESS', 'LOG'],
    ...file.services.map((service) => [
      service.name,
      WORDS[stateOf(service)],
      String(service.pid),
      service.address || '-',
      service.log,
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  for (const [name, address] of Object.entries(file.links)) console.log(`${name}: ${address}`);
}
