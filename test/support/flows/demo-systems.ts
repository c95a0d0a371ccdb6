import { RestClient } from '../../../apps/demo/rest-client.js';
import { DemoSystems } from '../../../apps/demo/scenarios/demo-systems.js';
import { startApp, type AppProcess } from '../app-process.js';

const SIZES = ['--customers', '1', '--orders', '1', '--order-items', '1', '--products', '1', '--events', '1'];
const SHOP = { apiKey: 'shop-key', adminToken: 'boss' };

/** A demo shop whose lists are empty but for its systems'. */
export const startDemoSystems = (): Promise<AppProcess> =>
  startApp('demo-shop', { args: [...SIZES, '--api-key', SHOP.apiKey, '--admin-token', SHOP.adminToken] });

export const connectDemoSystems = (shop: AppProcess, api: { address: string; key: string }): Promise<DemoSystems> =>
  DemoSystems.connect({ address: shop.address, ...SHOP }, new RestClient(api.address, api.key));
