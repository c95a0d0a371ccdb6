import type { BudgetClass } from '../contracts/budget.port.js';
import type { BudgetLimit } from '../contracts/budget.schema.js';
import type { HttpClient, HttpRequest, HttpResponse } from '../contracts/http.port.js';
import type { Egress } from '../egress/egress.js';

/** The HTTP client of one connection: each host that it calls is an account of its own at the same credentials. */
export class AccountHttpClient implements HttpClient {
  private readonly clients = new Map<string, HttpClient>();

  constructor(
    private readonly options: {
      egress: Pick<Egress, 'client'>;
      workspaceId: string;
      /** Names the credentials; see SecretBox.fingerprint. */
      identity: string;
      limits: readonly BudgetLimit[];
      class: BudgetClass;
    },
  ) {}

  async send(request: HttpRequest): Promise<HttpResponse> {
    const { host } = new URL(request.url);
    const { egress, workspaceId, identity, limits } = this.options;
    let client = this.clients.get(host);
    if (client === undefined) {
      client = egress.client({
        account: { workspaceId, host, account: `${host}#${identity}`, limits },
        class: this.options.class,
      });
      this.clients.set(host, client);
    }
    return client.send(request);
  }
}
