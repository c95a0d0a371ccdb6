import { describe, expect, it } from '@jest/globals';
import { DEFAULT_SIZES } from './entities.js';
import { parseOptions } from './options.js';

describe('the options', () => {
  it('come from flags, then from the environment, then from the defaults', () => {
    const options = parseOptions(['--orders', '7', '--pace=100'], {
      SHOP_ORDERS: '8',
      SHOP_ORDER_ITEMS: '9',
      SHOP_API_KEY: 'k',
      PORT: '',
    });
    expect(options.sizes).toEqual({ ...DEFAULT_SIZES, orders: 7, order_items: 9 });
    expect(options).toMatchObject({ apiKey: 'k', port: 0, settings: { pace: 100, rate: 0, latencyMs: 0 } });
  });

  it('make up the keys that are not given, and say so', () => {
    const { apiKey, adminToken, madeUp } = parseOptions(['--api-key', 'given'], {});
    expect(apiKey).toBe('given');
    expect(madeUp).toEqual({ adminToken });
    expect(adminToken.length).toBeGreaterThan(20);
  });

  it('report every problem at once, with flag and variable', () => {
    const parse = () => parseOptions(['--orders=-1', '--rate', 'fast'], { PORT: '70000' });
    expect(parse).toThrow(/--orders \(or SHOP_ORDERS\)[^]*--port \(or PORT\)[^]*--rate \(or SHOP_RATE\)/);
  });
});
