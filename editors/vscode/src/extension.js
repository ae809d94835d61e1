// The extension: starts the language server, and offers commands, tasks and the graph also where there is none.
const vscode = require('vscode');
const { LanguageClient, TransportKind, Trace } = require('vscode-languageclient/node');
const { GraphPanel } = require('./graph');
const { missing, output } = require('./program');
const tasks = require('./tasks');

/** What lives as long as the extension. */
const session = { client: undefined, program: tasks.program };

async function start() {
  const settings = vscode.workspace.getConfiguration('orch');
  if (!settings.get('server.enabled') || !vscode.workspace.isTrusted) return;
  const command = session.program(vscode.workspace.workspaceFolders?.[0]?.uri);
  const server = { command, args: ['lsp'], transport: TransportKind.stdio };
  const options = {
    documentSelector: [{ scheme: 'file', language: 'orch' }, { scheme: 'untitled', language: 'orch' }],
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher('**/*.orch') },
  };
  const client = new LanguageClient('orch', 'orch', server, options);
  session.client = client;
  try {
    await client.start();
    await client.setTrace(Trace.fromString(settings.get('trace.server') ?? 'off'));
  } catch (error) {
    session.client = undefined;
    const said = error?.code === 'ENOENT' || /ENOENT/.test(error?.message) ? missing(command) : `the language server did not start: ${error?.message ?? error}`;
    await notStarted(said);
  }
}

async function notStarted(said) {
  const answer = await vscode.window.showWarningMessage(`orch: ${said}`, 'Open Settings');
  if (answer) await vscode.commands.executeCommand('workbench.action.openSettings', 'orch.path');
}

async function stop() {
  const { client } = session;
  session.client = undefined;
  // A server that has died already can't be stopped.
  await client?.stop().catch(() => undefined);
}

/**
 * What a command is about: a code lens gives `{ uri, orchestrator }`, or the two as arguments; the palette and menus give
 * an address or nothing, and then it is the editor's file.
 */
function target(first, second) {
  const given = first && typeof first === 'object' && 'uri' in first ? first : { uri: first, orchestrator: second };
  const name = given.orchestrator ?? given.name ?? given.test;
  const uri = typeof given.uri === 'string' ? vscode.Uri.parse(given.uri) : given.uri ?? vscode.window.activeTextEditor?.document.uri;
  return uri && { uri, orchestrator: typeof name === 'string' ? name : undefined };
}

/** The orchestrator that is meant where none is named: the only one, or the one that is picked; none where that is unknown. */
async function chosen(about) {
  if (about.orchestrator) return about.orchestrator;
  let names = [];
  try {
    const listed = await output(session.program(about.uri), ['list', about.uri.fsPath, '--format', 'json', '--color', 'never']);
    names = JSON.parse(listed).orchestrators.map((one) => one.name);
  } catch {
    // The program has mistakes: what is done next says which.
    return undefined;
  }
  return names.length > 1 ? (await vscode.window.showQuickPick(names, { placeHolder: 'Which orchestrator?' })) ?? null : names[0];
}

/** Runs a task on the file, saved before. */
async function execute(command, first, second) {
  const about = target(first, second);
  if (!about || about.uri.scheme !== 'file') {
    return vscode.window.showWarningMessage(`orch: there is no file to ${command}`);
  }
  const document = vscode.workspace.textDocuments.find((one) => one.uri.toString() === about.uri.toString());
  if (document?.isDirty && !(await document.save())) return undefined;
  const definition = { type: 'orch', command, file: about.uri.fsPath };
  const orchestrator = command === 'run' ? await chosen(about) : undefined;
  // Nothing was picked.
  if (orchestrator === null) return undefined;
  if (orchestrator) definition.orchestrator = orchestrator;
  return vscode.tasks.executeTask(tasks.task(definition, session.program(about.uri), vscode.workspace.getWorkspaceFolder(about.uri)));
}

async function activate(context) {
  const panel = new GraphPanel(session);
  const command = (name, does) => vscode.commands.registerCommand(name, does);
  context.subscriptions.push(
    command('orch.run', (first, second) => execute('run', first, second)),
    command('orch.test', (first, second) => execute('test', first, second)),
    command('orch.check', (first, second) => execute('check', first, second)),
    command('orch.graph', async (first, second) => {
      const about = target(first, second);
      const orchestrator = about && (await chosen(about));
      return about && orchestrator !== null ? panel.show(about.uri, orchestrator) : undefined;
    }),
    command('orch.restart', async () => {
      await stop();
      await start();
    }),
    vscode.tasks.registerTaskProvider('orch', tasks.provider),
    vscode.workspace.onDidSaveTextDocument((document) => panel.changed(document)),
    vscode.workspace.onDidGrantWorkspaceTrust(() => start()),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (!event.affectsConfiguration('orch.path') && !event.affectsConfiguration('orch.server')) return;
      await stop();
      await start();
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
