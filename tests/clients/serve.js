// Reads calls from standard input, a line each, and writes what the client got.
const { createInterface } = require("node:readline");

module.exports = async (open, call) => {
  const odoo = open(JSON.parse(process.argv[2]));
  let connected;
  for await (const line of createInterface({ input: process.stdin })) {
    let told;
    try {
      connected ??= odoo.connect();
      await connected;
      told = { answer: await call(odoo, JSON.parse(line)) };
    } catch (error) {
      told = { refused: error.faultString ?? error.message ?? String(error) };
    }
    process.stdout.write(`${JSON.stringify(told)}\n`);
  }
};
