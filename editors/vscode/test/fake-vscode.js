// As much of VS Code as the extension touches: it remembers what it is asked for. Put in the place of `vscode`.
const Module = require('node:module');

class Uri {
  constructor(scheme, fsPath) { Object.assign(this, { scheme, fsPath }); }
  static file(path) { return new Uri('file', path); }
  static parse(text) { return new Uri(text.split(':')[0], decodeURIComponent(text.replace(/^\w+:(\/\/)?/, ''))); }
  toString() { return `${this.scheme}://${this.fsPath}`; }
}

class ProcessExecution { constructor(process, args) { Object.assign(this, { process, args }); } }
class Task { constructor(definition, scope, name, source, execution, matchers) { Object.assign(this, { definition, scope, name, source, execution, problemMatchers: matchers }); } }

/** A new editor. `settings` by name, `document` is what is open. */
function fake({ settings = {}, document, trusted = true } = {}) {
  const log = { commands: {}, tasks: [], warnings: [], panels: [], providers: {}, clients: [], listeners: {} };
  const listen = (name) => (listener) => { log.listeners[name] = listener; return { dispose() {} }; };
  const vscode = {
    Uri, ProcessExecution, Task,
    TaskScope: { Workspace: 2 }, TaskGroup: { Test: 'test', Build: 'build' }, ViewColumn: { Beside: -2 },
    commands: {
      registerCommand(name, does) { log.commands[name] = does; return { dispose() {} }; },
      executeCommand: async (...args) => { log.executed = args; },
    },
    tasks: {
      registerTaskProvider(type, provider) { log.providers[type] = provider; return { dispose() {} }; },
      executeTask: async (task) => { log.tasks.push(task); return task; },
    },
    window: {
      activeTextEditor: document && { document },
      showQuickPick: async (names) => { log.offered = names; return log.pick?.(names); },
      showWarningMessage: async (text) => { log.warnings.push(text); },
      createWebviewPanel(type, title, place, options) {
        const panel = { type, title, options, webview: { html: '' }, onDidDispose(listener) { panel.dispose = listener; } };
        log.panels.push(panel);
        return panel;
      },
    },
    workspace: {
      isTrusted: trusted,
      textDocuments: document ? [document] : [],
      workspaceFolders: [{ uri: Uri.file('/project') }],
      getConfiguration: () => ({ get: (name) => ({ path: 'orch', 'server.enabled': true, 'trace.server': 'off', ...settings })[name] }),
      getWorkspaceFolder: () => ({ uri: Uri.file('/project'), name: 'project' }),
      asRelativePath: (file) => String(file).replace('/project/', ''),
      createFileSystemWatcher: (glob) => ({ glob }),
      onDidSaveTextDocument: listen('save'), onDidChangeConfiguration: listen('configuration'), onDidGrantWorkspaceTrust: listen('trust'),
    },
  };
  class LanguageClient {
    constructor(id, name, server, options) { Object.assign(this, { id, name, server, options, requests: [] }); log.clients.push(this); }
    async start() { if (log.failing) throw log.failing; this.running = true; }
    async stop() { this.running = false; }
    async setTrace(level) { this.trace = level; }
    async sendRequest(name, params) { this.requests.push([name, params]); return log.answer?.(name, params); }
  }
  const client = { LanguageClient, TransportKind: { stdio: 0 }, Trace: { fromString: (text) => text } };
  return { vscode, client, log };
}

/** A module of the extension, read afresh with this editor in the place of the real one. */
function load(file, { vscode, client }) {
  const real = Module._load;
  Module._load = (name, ...rest) => {
    if (name === 'vscode') return vscode;
    if (name === 'vscode-languageclient/node') return client;
    return real(name, ...rest);
  };
  try {
    for (const cached of Object.keys(require.cache)) if (cached.includes('/vscode/src/')) delete require.cache[cached];
    return require(file);
  } finally {
    Module._load = real;
  }
}

module.exports = { fake, load, Uri };
