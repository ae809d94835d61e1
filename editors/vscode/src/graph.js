// The panel beside the editor that shows an orchestrator's graph, and keeps up with it.
const vscode = require('vscode');
const { output } = require('./program');
const { page } = require('./picture');

/** The graph from the language server, if it answers; else from `orch graph`, which reads the file on the disk. */
async function graph(client, program, uri, orchestrator) {
  if (client) {
    try {
      const answer = await client.sendRequest('orch/graph', { uri: uri.toString(), orchestrator, format: 'json' });
      const found = understood(answer);
      if (found) return found;
    } catch {
      // A server without this request, or a program that it can't draw: the command says why.
    }
  }
  const args = ['graph', uri.fsPath, ...(orchestrator ? [orchestrator] : []), '--format', 'json', '--color', 'never'];
  return JSON.parse(await output(program, args));
}

/** A graph out of what a server may answer: the graph itself, or with its format beside or as text. */
function understood(answer) {
  const found = answer?.nodes ? answer : answer?.json ?? answer?.graph;
  const parsed = typeof found === 'string' ? JSON.parse(found) : found;
  return parsed?.nodes ? parsed : undefined;
}

class GraphPanel {
  constructor(session) {
    this.session = session;
    this.panel = undefined;
    this.shown = undefined;
  }

  async show(uri, orchestrator) {
    this.shown = { uri, orchestrator };
    if (!this.panel) {
      const options = { enableScripts: true, localResourceRoots: [] };
      this.panel = vscode.window.createWebviewPanel('orch.graph', 'orch graph', { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true }, options);
      this.panel.onDidDispose(() => { this.panel = undefined; });
    }
    this.panel.title = orchestrator ? `Graph: ${orchestrator}` : 'orch graph';
    await this.draw();
  }

  /** Draws again; of several answers under way only the last one asked for counts. */
  async draw() {
    const { panel, shown } = this;
    if (!panel || !shown) return;
    let html;
    try {
      html = page(await graph(this.session.client, this.session.program(shown.uri), shown.uri, shown.orchestrator));
    } catch (error) {
      html = page(undefined, error.message);
    }
    if (this.panel === panel && this.shown === shown) panel.webview.html = html;
  }

  /** After a change of a document. */
  changed(document) {
    if (this.panel && document.languageId === 'orch') return this.draw();
  }
}

module.exports = { GraphPanel, graph, understood };
