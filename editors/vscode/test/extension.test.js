// The extension against an editor that only remembers.
const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');
const { fake, load, Uri } = require('./fake-vscode');
const { root } = require('./tokens');
const { orch } = require('./binary');

const package_ = require('../package.json');
const document = (more = {}) => ({ uri: Uri.file('/project/a.orch'), languageId: 'orch', isDirty: false, ...more });
const triage = path.join(root, '../../examples/daily_triage.orch');

async function activated(options) {
  const editor = fake(options);
  const extension = load(path.join(root, 'src/extension.js'), editor);
  const context = { subscriptions: [] };
  await extension.activate(context);
  return { ...editor, extension, context };
}

test('every command that the package names is there, and no other', async () => {
  const { log } = await activated();
  assert.deepEqual(Object.keys(log.commands).sort(), package_.contributes.commands.map((one) => one.command).sort());
});

test('every setting that is read is one of the package', () => {
  const known = Object.keys(package_.contributes.configuration.properties);
  for (const name of ['path', 'server.enabled', 'trace.server']) assert.ok(known.includes(`orch.${name}`), name);
});

test('the server is `orch lsp` over stdio', async () => {
  const { log } = await activated({ settings: { path: '${workspaceFolder}/bin/orch' } });
  const [client] = log.clients;
  assert.deepEqual(client.server, { command: '/project/bin/orch', args: ['lsp'], transport: 0 });
  assert.ok(client.running);
  assert.deepEqual(client.options.documentSelector.map((one) => one.language), ['orch', 'orch']);
});

test('no server where it is turned off, nor where nothing is trusted', async () => {
  assert.equal((await activated({ settings: { 'server.enabled': false } })).log.clients.length, 0);
  assert.equal((await activated({ trusted: false })).log.clients.length, 0);
});

test('a program that is not there is said once, and commands are there all the same', async () => {
  const editor = fake({ document: document() });
  editor.log.failing = Object.assign(new Error('spawn orch ENOENT'), { code: 'ENOENT' });
  await load(path.join(root, 'src/extension.js'), editor).activate({ subscriptions: [] });
  assert.equal(editor.log.warnings.length, 1);
  assert.match(editor.log.warnings[0], /`orch` was not found: install orch, or set orch\.path/);
  await editor.log.commands['orch.check']();
  assert.equal(editor.log.tasks.length, 1);
});

test('a code lens runs the orchestrator that it stands above, in each form', async () => {
  const { log } = await activated({ document: document() });
  const uri = 'file:///project/b.orch';
  await log.commands['orch.run']({ uri, orchestrator: 'main' });
  await log.commands['orch.run'](uri, 'main');
  await log.commands['orch.run'](Uri.file('/project/b.orch'));
  await log.commands['orch.run']();
  assert.deepEqual(log.tasks.map((task) => task.execution.args), [
    ['run', '/project/b.orch', 'main'], ['run', '/project/b.orch', 'main'], ['run', '/project/b.orch'], ['run', '/project/a.orch'],
  ]);
});

test('what is not saved is saved first, and not run if that fails', async () => {
  let saved = 0;
  const { log } = await activated({ document: document({ isDirty: true, save: async () => { saved += 1; return false; } }) });
  await log.commands['orch.test']();
  assert.equal(saved, 1);
  assert.equal(log.tasks.length, 0);
});

test('a text without a file is not run', async () => {
  const { log } = await activated({ document: document({ uri: new Uri('untitled', 'x') }) });
  await log.commands['orch.run']();
  assert.match(log.warnings[0], /there is no file to run/);
});

test('tasks check, run and test the open program, and those of tasks.json are made whole', async () => {
  const { log } = await activated({ document: document() });
  const provider = log.providers.orch;
  assert.deepEqual(provider.provideTasks().map((task) => task.execution.args), [['check', '/project/a.orch'], ['run', '/project/a.orch'], ['test', '/project/a.orch']]);
  const whole = provider.resolveTask({ definition: { type: 'orch', command: 'run', file: 'x.orch', orchestrator: 'o', args: ['--n', '3'] } });
  assert.deepEqual(whole.execution.args, ['run', 'x.orch', 'o', '--n', '3']);
  assert.equal(provider.resolveTask({ definition: { type: 'orch', command: 'clean', file: 'x' } }), undefined);
  const known = package_.contributes.problemMatchers.map((matcher) => `$${matcher.name}`);
  for (const matcher of whole.problemMatchers) assert.ok(known.includes(matcher), matcher);
});

const several = path.join(root, '../../examples/repo_health.orch');

test('of several orchestrators one is picked, and nothing is run where none is', { skip: orch ? false : 'there is no orch program' }, async () => {
  const { log } = await activated({ settings: { path: orch }, document: document({ uri: Uri.file(several) }) });
  await log.commands['orch.run']();
  assert.ok(log.offered.includes('history_health') && log.offered.includes('repo_health'), log.offered);
  assert.equal(log.tasks.length, 0);
  log.pick = (names) => names.find((name) => name === 'history_health');
  await log.commands['orch.run']();
  await log.commands['orch.graph']();
  assert.deepEqual(log.tasks[0].execution.args, ['run', several, 'history_health']);
  assert.match(log.panels[0].title, /history_health/);
});

const GRAPH = { orchestrator: 'o', nodes: [{ id: 'a', kind: 'worker', label: 'a = f' }], edges: [], waves: [['a']] };

test('the graph comes from the server, in whatever form, and is drawn again on saving', async () => {
  for (const answer of [GRAPH, { json: GRAPH }, { format: 'json', graph: JSON.stringify(GRAPH) }]) {
    const { log } = await activated({ document: document() });
    log.answer = () => answer;
    await log.commands['orch.graph']('file:///project/a.orch', 'o');
    assert.match(log.panels[0].webview.html, /a = f/);
    assert.equal(log.clients[0].requests[0][0], 'orch/graph');
    await log.listeners.save(document());
    assert.equal(log.clients[0].requests.length, 2);
    assert.equal(log.panels.length, 1);
  }
});

test('without a server that can draw, the program draws', { skip: orch ? false : 'there is no orch program' }, async () => {
  const { log } = await activated({ settings: { path: orch }, document: document({ uri: Uri.file(triage) }) });
  log.answer = () => { throw new Error('unknown request'); };
  await log.commands['orch.graph']();
  assert.match(log.panels[0].webview.html, /verdicts = succeeded\(outcomes\)/);
});

test('why there is no graph is shown where it would be', async () => {
  const { log } = await activated({ settings: { path: '/nowhere/orch' }, document: document() });
  await log.commands['orch.graph']();
  assert.match(log.panels[0].webview.html, /was not found: install orch/);
});

test('another path starts another server', async () => {
  const { log } = await activated();
  await log.listeners.configuration({ affectsConfiguration: (name) => name === 'orch.path' });
  assert.equal(log.clients.length, 2);
  assert.deepEqual(log.clients.map((client) => client.running), [false, true]);
});
