import { SetMetadata, type CustomDecorator } from '@nestjs/common';

export const IS_PUBLIC = Symbol('public');

/** No API key is asked for. */
export const Public = (): CustomDecorator<symbol> => SetMetadata(IS_PUBLIC, true);
