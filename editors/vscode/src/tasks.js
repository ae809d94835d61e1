// Tasks: `orch check`, `run` and `test` on the program in the editor, with what they find as problems.
const vscode = require('vscode');
const { args, resolve } = require('./program');

const MATCHERS = ['$orch', '$orch-long', '$orch-warning', '$orch-warning-long', '$orch-note', '$orch-note-long'];

/** One task; `definition` is what stands in tasks.json. */
function task(definition, program, scope) {
  const { command, file, orchestrator } = definition;
  const name = `${command} ${vscode.workspace.asRelativePath(file)}${orchestrator ? ` ${orchestrator}` : ''}`;
  const execution = new vscode.ProcessExecution(program, args(command, file, orchestrator, definition.args));
  const made = new vscode.Task(definition, scope ?? vscode.TaskScope.Workspace, name, 'orch', execution, MATCHERS);
  if (command === 'test') made.group = vscode.TaskGroup.Test;
  if (command === 'check') made.group = vscode.TaskGroup.Build;
  return made;
}

/** The program for a file: the setting of its folder counts. */
function program(uri) {
  const folder = uri && vscode.workspace.getWorkspaceFolder(uri);
  return resolve(vscode.workspace.getConfiguration('orch', uri).get('path'), folder?.uri.fsPath ?? vscode.workspace.workspaceFolders?.[0]?.uri.fsPath);
}

const provider = {
  provideTasks() {
    const document = vscode.window.activeTextEditor?.document;
    if (document?.languageId !== 'orch' || document.uri.scheme !== 'file') return [];
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    return ['check', 'run', 'test'].map((command) => task({ type: 'orch', command, file: document.uri.fsPath }, program(document.uri), folder));
  },
  resolveTask(unresolved) {
    const { definition } = unresolved;
    if (!['check', 'run', 'test'].includes(definition.command) || !definition.file) return undefined;
    return task(definition, program(vscode.window.activeTextEditor?.document.uri), unresolved.scope);
  },
};

module.exports = { task, program, provider };
