// The problem matchers against what `orch check` really prints.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { test } = require('node:test');
const { orch } = require('./binary');

const matchers = require('../package.json').contributes.problemMatchers;
const skip = orch ? false : 'there is no orch program';

/** What VS Code would list: patterns of several lines match lines that follow each other. */
function problems(output) {
  const lines = output.split(/\r?\n/);
  return matchers.flatMap((matcher) => {
    const patterns = [matcher.pattern].flat();
    return lines.flatMap((_, at) => {
      const matches = patterns.map((pattern, offset) => new RegExp(pattern.regexp).exec(lines[at + offset] ?? ''));
      if (!matches.every(Boolean)) return [];
      const part = (name) => patterns.map((pattern, offset) => pattern[name] && matches[offset][pattern[name]]).find(Boolean);
      return [{ severity: part('severity') ?? matcher.severity, file: part('file'), line: Number(part('line')), column: Number(part('column')), message: part('message') }];
    });
  });
}

function checked(text, ...more) {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'orch-matcher-')), 'bad.orch');
  fs.writeFileSync(file, text);
  const { stdout } = spawnSync(orch, ['check', file, '--color', 'never', ...more], { encoding: 'utf8' });
  fs.rmSync(path.dirname(file), { recursive: true });
  return problems(stdout).map((problem) => ({ ...problem, file: path.basename(problem.file) }));
}

const BAD = 'worker w(a int) { }\nlet x = y\n';

test('errors are found where they are', { skip }, () => {
  const found = checked(BAD);
  assert.deepEqual(found[0], { severity: 'error', file: 'bad.orch', line: 1, column: 12, message: 'expected `:`, found `int`' });
  assert.ok(found.some((one) => one.line === 2 && /`y`/.test(one.message)), JSON.stringify(found));
});

test('warnings and notes are such', { skip }, () => {
  const text = 'worker w() -> string {\n  exec ["a"]\n  output stdout\n  timeout 1s\n}\nlet unused = 3\norchestrator o() -> string {\n  x = w()\n  return x\n}\n';
  const severities = new Set(checked(text, '--notes').map((problem) => problem.severity));
  assert.ok(severities.has('warning') || severities.has('info'), [...severities].join());
  assert.ok(!severities.has('error'));
});

test('a message of two lines is found', () => {
  const said = '  × a message that is so long that\n  │ it goes on\n   ╭─[a/b.orch:3:4]\n';
  assert.deepEqual(problems(said), [{ severity: 'error', file: 'a/b.orch', line: 3, column: 4, message: 'a message that is so long that' }]);
});

test('the form for GitHub is matched too', { skip }, () => {
  const [first] = checked(BAD, '--format', 'github');
  assert.equal(first.severity, 'error');
  assert.equal(first.line, 1);
});
