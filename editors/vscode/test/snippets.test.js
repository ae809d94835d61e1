// Every snippet, as it is before anything is typed into it, is a program that `orch check` accepts.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { test } = require('node:test');
const { root } = require('./tokens');
const { orch } = require('./binary');

const snippets = JSON.parse(fs.readFileSync(path.join(root, 'snippets/orch.json'), 'utf8'));

const WORK = 'worker work(input: string) -> string {\n  exec ["./work", input]\n  output stdout\n  timeout 30s\n  idempotent\n}\n';
const FALLBACK = WORK.replace('work(', 'fallback(');
const inside = (parameters, given, more = '') => ({
  before: `${more}${WORK}\norchestrator main(${parameters}) -> json {\n`,
  after: `\n  return ${given}\n}\n`,
});

/** What a snippet stands in, where it is no program by itself. */
const PLACES = {
  Orchestrator: { before: WORK },
  Test: { before: `${WORK}\norchestrator main(input: string) -> string {\n  x = work(input)\n  return x\n}\n` },
  Schedule: { before: `${WORK}\norchestrator main(input: string) -> string {\n  x = work(input)\n  return x\n}\n` },
  Each: inside('items: [string](..50)', 'len(succeeded(outcomes))'),
  'Each with a block': inside('items: [string](..50)', 'results'),
  Repeat: inside('input: string', 'last_draft'),
  Match: inside('input: string, kind: string', 'answer'),
  If: inside('input: string', 'answer'),
  Catch: inside('input: string', 'answer', FALLBACK),
  Retry: inside('input: string', 'answer'),
  Require: { before: `${WORK}\norchestrator main(input: string) -> string {\n`, after: '  x = work(input)\n  return x\n}\n' },
};

/** The text of a snippet with what its places hold at first. */
function expanded(body) {
  return body.join('\n').replace(/\$\{\d+:([^}]*)\}/g, '$1').replace(/\$\d+/g, '');
}

test('there are snippets, and places of such that exist only', () => {
  assert.ok(Object.keys(snippets).length >= 15);
  for (const name of Object.keys(PLACES)) assert.ok(snippets[name], name);
});

for (const [name, snippet] of Object.entries(snippets)) {
  test(`snippet: ${name}`, { skip: orch ? false : 'there is no orch program: set ORCH' }, () => {
    const { before = '', after = '' } = PLACES[name] ?? {};
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'orch-snippet-')), 'program.orch');
    const text = `${before}${expanded(snippet.body)}${after}`;
    fs.writeFileSync(file, text);
    const checked = spawnSync(orch, ['check', file, '--color', 'never'], { encoding: 'utf8' });
    fs.rmSync(path.dirname(file), { recursive: true });
    assert.equal(checked.status, 0, `${checked.stdout}${checked.stderr}\n${text}`);
  });
}
