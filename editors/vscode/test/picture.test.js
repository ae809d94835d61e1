// The picture of a graph: every box in its place, nothing of a program taken for markup.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { test } = require('node:test');
const { layout } = require('../src/layout');
const { page } = require('../src/picture');
const { root } = require('./tokens');
const { orch } = require('./binary');

const overlap = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const holds = (a, b) => a.x <= b.x && a.y <= b.y && b.x + b.width <= a.x + a.width && b.y + b.height <= a.y + a.height;

function assertSound(graph, name) {
  const { boxes, width, height } = layout(graph);
  assert.equal(boxes.length, graph.nodes.length, name);
  const place = new Map(boxes.map((box) => [box.id, box]));
  const parent = new Map(graph.nodes.map((node) => [node.id, node.parent]));
  for (const node of graph.nodes) {
    assert.ok(holds({ x: 0, y: 0, width, height }, place.get(node.id)), `${name}: ${node.id} is outside`);
    if (place.has(node.parent)) assert.ok(holds(place.get(node.parent), place.get(node.id)), `${name}: ${node.id} is not in ${node.parent}`);
  }
  for (const a of boxes) for (const b of boxes) {
    if (a.id < b.id && parent.get(a.id) === parent.get(b.id)) assert.ok(!overlap(a, b), `${name}: ${a.id} lies on ${b.id}`);
  }
}

test('boxes of every example lie in their places', { skip: orch ? false : 'there is no orch program' }, () => {
  const examples = path.join(root, '../../examples');
  const files = fs.readdirSync(examples).filter((name) => name.endsWith('.orch') && name !== '.orch');
  let drawn = 0;
  for (const name of files) {
    const made = spawnSync(orch, ['graph', path.join(examples, name), '--format', 'json'], { encoding: 'utf8' });
    if (made.status !== 0) continue;
    const graph = JSON.parse(made.stdout);
    assertSound(graph, name);
    assert.match(page(graph), /<svg/);
    drawn += 1;
  }
  assert.ok(drawn > files.length / 2, `${drawn} of ${files.length}`);
});

test('a graph that is odd is drawn all the same', () => {
  assertSound({ nodes: [{ id: 'a', parent: 'gone' }, { id: 'b', parent: 'a', waves: [] }, { id: 'c', waves: [['d']] }, { id: 'd', parent: 'c' }], waves: [['nobody']] }, 'odd');
  assert.match(page({ nodes: [], edges: [] }), /<svg/);
});

test('text of a program is text, and nothing but the page itself may run', () => {
  const html = page({ orchestrator: '<script>x</script>', nodes: [{ id: 'a', kind: '"><img src=x>', label: '<b>"\'&' }], edges: [{ from: 'a', to: 'a', label: '</svg>' }], waves: [['a']] });
  assert.ok(!/<script>x|<b>|<img|<\/svg>[^]*<\/svg>/.test(html));
  const nonce = html.match(/script-src 'nonce-([^']+)'/)[1];
  assert.match(html, /default-src 'none'/);
  assert.deepEqual([...html.matchAll(/<(?:script|style)([^>]*)>/g)].map((tag) => tag[1]), [` nonce="${nonce}"`, ` nonce="${nonce}"`]);
  assert.ok(!/https?:(?!\/\/www\.w3\.org\/2000\/svg)/.test(html));
  assert.notEqual(nonce, page({ nodes: [] }).match(/nonce-([^']+)'/)[1]);
});
