import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '../http/public.decorator.js';
import { errorReference } from './error-reference.js';

@ApiExcludeController()
@Public()
@Controller('v1/docs')
export class DocsController {
  @Get('errors')
  @Header('content-type', 'text/html; charset=utf-8')
  errors(): string {
    return errorReference();
  }
}
