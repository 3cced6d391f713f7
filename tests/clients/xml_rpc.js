// Calls Odoo with the npm package odoo-await.
const Odoo = require("odoo-await");

const open = (given) =>
  new Odoo({
    baseUrl: `http://${given.host}`,
    port: given.port,
    db: given.database,
    username: given.login,
    password: given.key,
  });

const call = (odoo, asked) => odoo.execute_kw(asked.model, asked.method, [[], asked.arguments]);

require("./serve")(open, call);
