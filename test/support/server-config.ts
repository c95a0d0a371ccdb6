/** The configuration of a connection to the database of a URL, as source or as destination. */
export function serverConfig(url: string): { host: string; port: number; database: string; user: string; password: string } {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    ...{ host: hostname, port: Number(port), database: pathname.slice(1) },
    ...{ user: decodeURIComponent(username), password: decodeURIComponent(password) },
  };
}
