import { Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { receivedSchema } from '../../../libs/contracts/hook.schema.js';
import { KeepsIdempotency } from '../http/idempotency.interceptor.js';
import { OpenOperation } from '../http/operation.decorator.js';
import { idParamSchema, type IdParam } from '../http/params.schema.js';
import { Public } from '../http/public.decorator.js';
import { ReceiverService } from './receiver.service.js';

/** A challenge's answer is a text that somebody else chose: no browser may take it for a page. */
const sendText = (response: Response, text: string): void => {
  response.setHeader('X-Content-Type-Options', 'nosniff').type('text/plain').send(text);
};

@ApiTags('hooks')
@Public()
@Controller('v1/hooks')
export class ReceiverController {
  constructor(@Inject(ReceiverService) private readonly receiver: ReceiverService) {}

  @Post(':id')
  @HttpCode(200)
  @KeepsIdempotency()
  @OpenOperation({
    id: 'receiveWebhook',
    summary: 'Tell what happened: for providers',
    description:
      'The body is verified as it comes, by the scheme that the connector’s webhook declares. 2xx says that the event is stored; it is answered so each time it is sent.',
    answer: receivedSchema,
    problems: [
      ...(['NOT_FOUND', 'SIGNATURE_INVALID', 'SIGNATURE_EXPIRED', 'INVALID_REQUEST'] as const),
      ...(['VALIDATION_FAILED', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'CALLS_LIMITED'] as const),
    ],
  })
  async receive(
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const reception = await this.receiver.receive({ id, request });
    if ('challenge' in reception) sendText(response, reception.challenge);
    else response.json(reception);
  }

  @Get(':id')
  @OpenOperation({
    id: 'verifyHook',
    summary: 'Ask whether this address is meant: for providers that do so (Meta)',
    problems: ['NOT_FOUND', 'SIGNATURE_INVALID'],
  })
  async verify(
    @Param({ schema: idParamSchema }) { id }: IdParam,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    sendText(response, await this.receiver.verify({ id, query: request.query }));
  }
}
