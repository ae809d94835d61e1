// What is in the package: everything that it names, and nothing else.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { test } = require('node:test');
const { root } = require('./tokens');

const description = require('../package.json');

test('every file that the package names is there', () => {
  const { languages, grammars, snippets } = description.contributes;
  const named = [...languages.map((one) => one.configuration), ...grammars.map((one) => one.path), ...snippets.map((one) => one.path)];
  for (const file of named) assert.ok(JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')), file);
});

test('every rule of the language configuration is a regular expression', () => {
  const strings = (value) => (typeof value === 'object' ? Object.entries(value).flatMap(([key, inner]) => (/Pattern|Text|^start|^end/.test(key) && typeof inner === 'string' ? [inner] : strings(inner))) : []);
  const found = strings(JSON.parse(fs.readFileSync(path.join(root, 'language-configuration.json'), 'utf8')));
  assert.ok(found.length > 5);
  for (const text of found) new RegExp(text);
});

test('the lock file names no host', () => {
  const lock = fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  for (const [, address] of lock.matchAll(/"resolved": "([^"]+)"/g)) assert.match(address, /^https:\/\/registry\.npmjs\.org\//);
});

test('the package holds what it needs', { skip: process.platform === 'win32' }, () => {
  execFileSync(path.join(root, 'package.sh'), { stdio: 'pipe' });
  // A package is a zip file: the names stand in its directory.
  const bytes = fs.readFileSync(path.join(root, 'orch.vsix')).toString('latin1');
  const files = [...new Set([...bytes.matchAll(/extension\/[\w./-]+/g)].map((match) => match[0]))];
  const names = files.map((file) => file.replace(/^extension\//, '').toLowerCase()).filter((name) => /\.\w+$|^license/.test(name));
  for (const name of ['package.json', 'readme.md', 'dist/extension.js', 'syntaxes/orch.tmlanguage.json', 'syntaxes/codeblock.tmlanguage.json', 'snippets/orch.json', 'language-configuration.json']) {
    assert.ok(names.some((one) => one.startsWith(name)), `${name} is not in ${names}`);
  }
  assert.ok(!names.some((name) => /node_modules|^src\/|^test\//.test(name)), names.join());
  const bundle = fs.readFileSync(path.join(root, 'dist/extension.js'), 'utf8');
  assert.ok(!/require\("vscode-/.test(bundle), 'the language client is not in the bundle');
});
