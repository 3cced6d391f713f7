// Calls Odoo with the npm package @fernandoslim/odoo-jsonrpc.
const OdooJSONRpc = require("@fernandoslim/odoo-jsonrpc");

const open = (given) =>
  new OdooJSONRpc.default({
    baseUrl: `http://${given.host}`,
    port: given.port,
    db: given.database,
    username: given.login,
    apiKey: given.key,
  });

const call = (odoo, asked) => odoo.call_kw(asked.model, asked.method, [], asked.arguments);

require("./serve")(open, call);
