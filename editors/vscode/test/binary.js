// Where the orch program is that tests run: `ORCH`, or one that was built in this repository; else there is none.
const fs = require('node:fs');
const path = require('node:path');

const target = process.env.CARGO_TARGET_DIR ?? path.join(__dirname, '../../../target');
const built = ['debug/orch', 'release/orch'].map((name) => path.join(target, name));
const orch = [process.env.ORCH, ...built].find((file) => file && fs.existsSync(file));

module.exports = { orch: orch && path.resolve(orch) };
