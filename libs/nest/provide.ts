import type { FactoryProvider, InjectionToken } from '@nestjs/common';

/** A provider whose factory's parameters are typed; `inject` names them in order. */
export const provide = <D extends unknown[], T>(
  token: InjectionToken,
  inject: InjectionToken[],
  useFactory: (...deps: D) => T,
): FactoryProvider => ({
  provide: token,
  inject,
  useFactory: useFactory as FactoryProvider['useFactory'],
});
