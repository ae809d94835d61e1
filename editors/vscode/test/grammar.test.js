// What the TextMate grammar says of programs.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { load, tokens, root } = require('./tokens');

const repository = path.join(root, '../..');
const grammar = load('source.orch');

/** The innermost scope of the first piece with this text; `nth` counts from 0. */
async function scope(text, piece, nth = 0) {
  const found = tokens(await grammar, text).flat().filter((token) => token.text.trim() === piece || (token.scopes.length === 0 && token.text.includes(piece)));
  assert.ok(found[nth], `no \`${piece}\` in ${JSON.stringify(tokens(await grammar, text).flat().map((token) => token.text))}`);
  return found[nth].scopes.at(-1) ?? '';
}

const CASES = [
  ['worker fetch(url: string) -> [Page](..5) {', { worker: 'storage.type.function', fetch: 'entity.name.function', url: 'variable.other.property', string: 'support.type', Page: 'entity.name.type', '5': 'constant.numeric' }],
  ['contract Review@2 {', { contract: 'storage.type', Review: 'entity.name.type', '2': 'constant.numeric' }],
  ['let ratio: float = 1.5e3', { let: 'storage.type', ratio: 'variable.other.constant', float: 'support.type', '1.5e3': 'constant.numeric' }],
  ['let f(n: int = 2) -> int = n', { f: 'entity.name.function', int: 'support.type' }],
  ['import { a, b as c } from "./x.orch"', { import: 'storage.type', as: 'keyword.other', from: 'keyword' }],
  ['defaults { timeout 30s, retry 2 }', { defaults: 'storage.type', timeout: 'keyword.other', '30s': 'constant.numeric.duration', retry: 'keyword.other' }],
  ['  x = each item in items with concurrent 8, collect => f(item)', { x: 'variable.other', each: 'keyword.control', in: 'keyword.control', with: 'keyword.control', concurrent: 'keyword.other', collect: 'keyword.other', f: 'entity.name.function' }],
  ['  timeout = len(a.lines)', { timeout: 'variable.other', len: 'support.function', lines: 'variable.other.property' }],
  ['  retry 3 backoff 1s..30s on [timeout, exit 75]', { retry: 'keyword.other', backoff: 'keyword.other', '1s': 'constant.numeric.duration', '30s': 'constant.numeric.duration', on: 'keyword.other' }],
  ['  } until a and not b else last', { until: 'keyword.control', and: 'keyword.operator.logical', not: 'keyword.operator.logical', else: 'keyword.control', last: 'keyword.control' }],
  ['  budget { cost $0.50, tokens 1M }', { budget: 'keyword.other', '$0.50': 'constant.numeric', '1M': 'constant.numeric' }],
  ['  tolerate 1.5%', { tolerate: 'keyword.other', '1.5%': 'constant.numeric' }],
  ['  yield { if: 1, error: error.message }', { if: 'variable.other.property', message: 'variable.other.property' }],
  ['type A = string(/^[a-z"]+$/)', { '/^[a-z"]+$/': 'string.regexp', ')': 'punctuation.bracket' }],
  ['  exec ["cat", file], stdin time', { file: '', time: '' }],
  ['worker w(data: file, all: [dir], at: time?) -> map<duration> {', { file: 'support.type', dir: 'support.type', time: 'support.type', map: 'support.type', duration: 'support.type' }],
  ['/// Documented.', { '/// Documented.': 'comment.line.documentation' }],
  ['allow flow/loose-effect "harmless"', { allow: 'keyword.other', 'flow/loose-effect': 'entity.name.tag' }],
  ['x = "a\\n ${f("${b}")} \\q"', { '\\n': 'constant.character.escape', f: 'entity.name.function', '\\q': 'invalid.illegal' }],
];

for (const [text, expected] of CASES) {
  test(`grammar: ${text.trim()}`, async () => {
    for (const [piece, name] of Object.entries(expected)) {
      const found = await scope(text, piece);
      assert.ok(found.startsWith(name), `\`${piece}\` is ${found}, not ${name}`);
    }
  });
}

test('a string ends with its line, and a text of several lines does not', async () => {
  assert.match(await scope('let a = "open\nlet b = 1', 'let', 1), /^storage/);
  assert.match(await scope('let a = """\n  let b\n  """', 'let b'), /^string/);
});

test('a script is a block of another language up to its end', async () => {
  const lines = tokens(await grammar, 'worker w() {\n  shell """\n    echo "$x"\n    """\n  timeout 1s\n}');
  assert.ok(lines[2].every((token) => token.scopes.includes('meta.embedded.block.shellscript')));
  assert.ok(lines[4].some((token) => token.text === 'timeout' && token.scopes.at(-1).startsWith('keyword')));
});

function programs(directory) {
  return fs.readdirSync(path.join(repository, directory), { recursive: true })
    .map((name) => path.join(repository, directory, name))
    // `.orch` alone is a directory: the store of runs.
    .filter((file) => file.endsWith('.orch') && fs.statSync(file).isFile());
}

test('no program of the repository has anything that is shown as a mistake, and each ends outside of everything', async () => {
  const files = [...programs('examples'), ...programs('stdlib'), path.join(repository, 'tests/data/whole.orch')];
  assert.ok(files.length > 30);
  for (const file of files) {
    const lines = tokens(await grammar, `${fs.readFileSync(file, 'utf8')}\nworker end() {`);
    const wrong = lines.flat().filter((token) => token.scopes.some((name) => name.startsWith('invalid')));
    assert.deepEqual(wrong, [], file);
    assert.deepEqual(lines.at(-1)[0].scopes, ['storage.type.function.orch'], file);
  }
});

test('a block of orch in Markdown is orch', async () => {
  const markdown = await load('markdown.orch.codeblock');
  const lines = tokens(markdown, '```orch run\nworker w() {\n```\ntext');
  assert.ok(lines[1].some((token) => token.text === 'worker' && token.scopes.at(-1) === 'storage.type.function.orch'));
  assert.deepEqual(lines[3][0].scopes, []);
});
