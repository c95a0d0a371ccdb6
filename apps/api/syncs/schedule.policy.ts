import type { Schedule } from '../../../libs/contracts/sync-spec.schema.js';
import type { FieldError } from '../../../libs/errors/index.js';
import { parseCron } from '../../../libs/runs/fire-times.policy.js';

/** What Temporal's calendar and croner both understand; `L`, `W`, `#`, `?` and nicknames are croner's alone. */
const FIELD = /^(?:[\d*/,-]|[a-z]{3})+$/i;

/** What is wrong with a schedule; empty: nothing. `now` decides whether it will ever fire. Pure. */
export function scheduleErrors(schedule: Schedule, now: Date): FieldError[] {
  const zone = isTimeZone(schedule.timezone)
    ? []
    : [{ path: '/schedule/timezone', message: 'is not a time zone of the IANA database', found: schedule.timezone }];
  return [...zone, ...(schedule.cron === undefined ? [] : cronErrors(schedule.cron, now))];
}

function cronErrors(cron: string, now: Date): FieldError[] {
  const error = (message: string): FieldError[] => [{ path: '/schedule/cron', message, found: cron }];
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5) return error(`must have five fields (minute hour day month weekday), not ${fields.length}`);
  const odd = fields.find((field) => !FIELD.test(field));
  if (odd !== undefined) return error(`the field "${odd}" is not understood`);
  try {
    return parseCron(cron, 'UTC').nextRun(now) === null ? error('never fires') : [];
  } catch (thrown) {
    return error(thrown instanceof Error ? thrown.message.replace(/^CronPattern: /, '') : 'is not a cron expression');
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    // An offset is accepted by Intl and not by Temporal's zone table.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}
