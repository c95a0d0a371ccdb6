import type { LoggerService } from '@nestjs/common';
import type { Logger } from '../../../libs/observability/index.js';

/** What Nest itself has to say, in our log. Its account of every module and route at start is not worth a line each: debug. */
export class NestLog implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown): void {
    this.write('debug', message);
  }

  warn(message: unknown): void {
    this.write('warn', message);
  }

  error(message: unknown): void {
    this.write('error', message);
  }

  private write(level: 'debug' | 'warn' | 'error', message: unknown): void {
    if (message instanceof Error) this.logger[level]({ err: message }, 'Nest');
    else this.logger[level](typeof message === 'string' ? message : 'Nest');
  }
}
