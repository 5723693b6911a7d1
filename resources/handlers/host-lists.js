// Set one of them when the time has come:
//   sallyctl handler set SANDBOX allowHosts --params '{"allowedHostnames": ["github.com", "npmjs.org"]}'
//   sallyctl handler set SANDBOX noHttp
export class MySandboxedApp extends Sandbox {
  static outboundHandlers = {
    async allowHosts(req, env, { params }) {
      const url = new URL(req.url);
      if (params.allowedHostnames.includes(url.hostname)) {
        return await fetch(req);
      }
      return new Response(null, { status: 403, statusText: "Forbidden" });
    },

    async noHttp(req) {
      return new Response(null, { status: 403, statusText: "Forbidden" });
    }
  }
}
