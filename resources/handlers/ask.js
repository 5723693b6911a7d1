export class MySandboxedApp extends Sandbox {
  static outbound = (req, env, ctx) => {
    // Reading is fine; for all else the person is asked, and the request waits
    if (req.method === 'GET' || req.method === 'HEAD') {
      return fetch(req);
    }
    return ctx.ask({ reason: `the agent wants to ${req.method} to ${new URL(req.url).hostname}` });
  };
}
