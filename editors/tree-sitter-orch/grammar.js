/**
 * The grammar of orch for tree-sitter: what `grammar/orch.pest` says, in the same order and under the same names. It knows
 * nothing of what names mean. Where pest looks ahead further than one token, `src/scanner.c` looks. README.md says where
 * the two may differ, and `tests/tree_sitter.rs` holds that they differ nowhere else.
 */

/** How strongly things bind, loosest first. */
const BIND = { or: 1, and: 2, not: 3, compare: 4, coalesce: 5, add: 6, multiply: 7, negate: 8, postfix: 20 };

/** Words that can't be names: `src/syntax/words.rs` has the same list. */
const RESERVED = [
  'and', 'after', 'attempt', 'catch', 'dispatch', 'each', 'else', 'error', 'fail', 'false', 'finally', 'for', 'if', 'in',
  'it', 'match', 'not', 'null', 'previous', 'repeat', 'require', 'return', 'run', 'stage', 'then', 'true', 'undo', 'until',
  'with', 'yield',
];

/** Reserved words that are values: they can be read, not defined. */
const VALUES = ['error', 'previous', 'it', 'run'];

/** Words that begin a declaration: a setting that does not exist has none of these names, so that a body without an end
 *  holds no declaration. */
const ITEMS = [
  'import', 'type', 'let', 'contract', 'worker', 'orchestrator', 'pattern', 'pool', 'defaults', 'secret', 'profile', 'on',
  'test', 'allow',
];

/** Words that begin a step or a line of a test, but are names before `=`, `(` or `.`. */
const NAMES_TOO = ['on', 'budget', 'permit', 'overlap', 'mock', 'expect', 'wait', 'at', 'seed', 'profile', 'set'];

/** One or more, with commas between them and perhaps one behind. */
const list1 = (rule) => seq(rule, repeat(seq(',', rule)), optional(','));
/** One or more, with commas between them. */
const commas1 = (rule) => seq(rule, repeat(seq(',', rule)));
/** Any number in braces, with commas or line breaks between them. */
const body = (rule) => seq('{', repeat(seq(rule, optional(','))), '}');

export default grammar({
  name: 'orch',

  word: ($) => $.identifier,
  extras: ($) => [/[ \t-\r]/, $.comment, $.doc_comment],
  reserved: { global: () => RESERVED, none: () => [], items: () => ITEMS },

  externals: ($) => [
    $._gate_start,
    $._block_open,
    $._else,
    $._run,
    $._last,
    $._retry_on,
    $._unknown_setting,
    $._unknown_policy,
    $._no_gate,
    $._failed,
  ],

  supertypes: ($) => [$.expression, $.type],

  conflicts: ($) => [
    // A comma after the last of a list may be the body's own.
    [$.expect_setting],
    [$.with_clause],
    [$.after_clause],
    // `x as A < b`: type arguments, or a comparison.
    [$.type_name],
  ],

  rules: {
    module: ($) => repeat($._item),

    // ---- items ------------------------------------------------------------------------------------------------------

    _item: ($) => choice(
      $.allow, $.import, $.type_item, $.let_item, $.contract, $.worker, $.orchestrator, $.pattern_item, $.pool, $.defaults,
      $.limit, $.secret, $.profile, $.trigger, $.test,
    ),

    allow: ($) => seq('allow', field('code', $.code_name), field('reason', $.string)),
    code_name: () => token(/[A-Za-z_][A-Za-z0-9_]*([\/-][A-Za-z_][A-Za-z0-9_]*)*/),

    import: ($) => seq('import', '{', list1($.imported_name), '}', 'from', field('path', $.string)),
    imported_name: ($) => seq(field('name', $.identifier), optional(seq('as', field('alias', $.identifier)))),

    type_item: ($) => seq('type', field('name', $.identifier), '=', field('type', $.type_expr)),
    let_item: ($) => seq(
      'let', field('name', $.identifier),
      optional(choice(seq(field('parameters', $.params), optional($._output_type)), seq(':', field('type', $.type_expr)))),
      '=', field('value', $.expression),
    ),

    contract: ($) => seq('contract', field('name', $.identifier), optional($.version), body(choice($.input_part, $.output_part))),
    input_part: ($) => seq('input', $.type_record),
    output_part: ($) => seq('output', $.type_expr),
    version: ($) => seq('@', $.number),

    worker: ($) => seq('worker', field('name', $.identifier), $._signature, field('body', $.worker_body)),
    worker_body: ($) => body($._setting),
    orchestrator: ($) => seq('orchestrator', field('name', $.identifier), $._signature, field('body', $.block)),
    _signature: ($) => choice(
      seq(field('parameters', $.params), optional($._output_type)),
      seq(':', field('contract', $.contract_ref)),
    ),
    params: ($) => seq('(', optional(list1($.param)), ')'),
    param: ($) => seq(
      field('name', $.identifier), ':', field('type', $.type_expr), optional(seq('=', field('default', $.expression))),
    ),
    _output_type: ($) => seq('->', field('result', $.type_expr)),
    contract_ref: ($) => seq($.identifier, optional($.version)),

    pattern_item: ($) => seq(
      'pattern', field('name', $.identifier), optional($.type_params), field('parameters', $.params),
      optional($._output_type), field('body', $.block),
    ),
    type_params: ($) => seq('<', list1($.identifier), '>'),
    pool: ($) => seq('pool', field('name', $.identifier), '=', field('value', $.expression)),
    secret: ($) => seq('secret', field('name', $.identifier), '=', 'env', field('variable', $.string)),

    profile: ($) => seq('profile', field('name', $.identifier), body($.replacement)),
    replacement: ($) => seq(field('name', $.identifier), '=', field('value', $.expression)),

    trigger: ($) => seq(
      'on', choice($.schedule, $.webhook), optional($.event), optional(seq('if', field('condition', $.expression))),
      '=>', field('call', $.expression),
    ),
    schedule: ($) => seq('schedule', $.string, optional(seq('tz', $.string))),
    webhook: ($) => seq('webhook', $.string, optional(seq('signed', $.identifier))),
    event: ($) => seq('as', field('name', $.identifier), ':', field('type', $.type_expr)),

    defaults: ($) => seq('defaults', optional(field('name', $.identifier)), $._policy_body),
    limit: ($) => seq('limit', field('name', $.identifier), $._policy_body),
    _policy_body: ($) => body(choice($._policy, $.unknown_setting)),

    // ---- settings of a worker ---------------------------------------------------------------------------------------

    _setting: ($) => choice(
      $.exec_setting, $.shell_setting, $.mock_setting, $.stdin_setting, $.cwd_setting, $.env_setting, $.expect_setting,
      $.output_setting, $.permit, $.uses_setting, $._policy, $.unknown_setting,
    ),

    exec_setting: ($) => seq('exec', $.expression),
    shell_setting: ($) => seq('shell', $.raw_string),
    stdin_setting: ($) => seq('stdin', $.expression),
    cwd_setting: ($) => seq('cwd', $.expression),
    env_setting: ($) => seq('env', $.record),
    expect_setting: ($) => seq('expect', commas1($.exit_codes)),
    exit_codes: ($) => seq($.number, optional(seq('..', $.number))),
    output_setting: ($) => seq('output', $.expression),
    uses_setting: ($) => seq('uses', $.expression),
    permit: ($) => seq('permit', optional($._no_gate), body($.permit_entry)),
    permit_entry: ($) => seq(field('name', $._word), $.expression),

    // A setting that does not exist: its value is anything up to the line's end.
    unknown_setting: ($) => seq(field('name', reserved('items', $.identifier)), alias($._unknown_setting, $.unknown_value)),

    mock_setting: ($) => seq('mock', choice($.mock_script, $.mock_order, $.mock_action)),
    mock_script: ($) => body($.mock_rule),
    mock_rule: ($) => choice(
      $.mock_order,
      seq($.mock_on, choice($.mock_order, seq(optional($.mock_first), $._mock_answer))),
      seq(choice($.mock_first, 'else'), $._mock_answer),
    ),
    _mock_answer: ($) => seq('=>', $._mock_turn),
    mock_order: ($) => seq('in', 'order', '[', list1($._mock_turn), ']'),
    _mock_turn: ($) => choice($.mock_action, $.expression),
    mock_on: ($) => seq('on', $.expression),
    mock_first: ($) => seq('first', $.expression, 'calls'),
    mock_action: ($) => seq(optional($.mock_delay), choice('echo', 'hang', 'malformed', $.mock_return, $.mock_fail)),
    mock_delay: ($) => seq('delay', $.expression),
    mock_return: ($) => seq('return', $.expression),
    mock_fail: ($) => prec.right(seq('fail', field('kind', $._word), optional($.number), optional($.string))),

    // ---- policies ---------------------------------------------------------------------------------------------------

    with_clause: ($) => seq('with', commas1(choice($._policy, $.unknown_policy))),
    unknown_policy: ($) => seq(field('name', $.identifier), alias($._unknown_policy, $.unknown_value)),
    _policy: ($) => choice(
      $.timeout_policy, $.retry_policy, $.concurrent_policy, $.deadline_policy, $.delay_policy, $.limit_policy,
      $.rate_policy, $.idempotent_policy, $.collect_policy, $.no_policy, $.tolerate_policy, $.stop_policy, $.hedge_policy,
      $.breaker_policy, $.cache_policy, $.heartbeat_policy, $.budget, $.group_spread,
    ),
    timeout_policy: ($) => seq('timeout', $.expression),
    deadline_policy: ($) => seq('deadline', $.expression),
    delay_policy: ($) => seq('delay', $.expression),
    concurrent_policy: ($) => seq('concurrent', $.expression),
    limit_policy: ($) => seq('limit', field('name', $.identifier)),
    rate_policy: ($) => seq('rate', $.expression, 'per', $.expression),
    idempotent_policy: () => 'idempotent',
    collect_policy: () => 'collect',
    no_policy: ($) => seq('no', field('policy', $._word)),
    tolerate_policy: ($) => seq('tolerate', choice($.percentage, $.expression)),
    percentage: () => token(/[0-9]([eE][+-][0-9]|[A-Za-z0-9_])*(\.[0-9]([eE][+-][0-9]|[A-Za-z0-9_])*)?%/),
    stop_policy: ($) => seq('stop', 'when', $.expression),
    hedge_policy: ($) => seq('hedge', 'after', $.expression),
    breaker_policy: ($) => seq('breaker', body($.breaker_entry)),
    breaker_entry: ($) => seq(field('name', $._word), 'after', $.expression),
    cache_policy: ($) => seq('cache', $.expression),
    heartbeat_policy: ($) => seq('heartbeat', $.expression),
    // The mark is never there: it tells the scanner that a `{` on the next line is this body's, and begins no gate.
    budget: ($) => seq('budget', optional($._no_gate), body($.budget_entry)),
    budget_entry: ($) => seq(field('name', $._word), choice($.money, $.expression)),
    money: () => token(/\$[0-9]([eE][+-][0-9]|[A-Za-z0-9_])*(\.[0-9]([eE][+-][0-9]|[A-Za-z0-9_])*)?/),
    group_spread: ($) => seq('...', $.identifier),
    retry_policy: ($) => prec.right(seq('retry', $.expression, repeat(choice($.backoff, $.fixed, $.retry_on, $.retry_unless)))),
    backoff: ($) => seq('backoff', $.expression, '..', $.expression),
    fixed: ($) => seq('fixed', $.expression),
    retry_on: ($) => seq(alias($._retry_on, 'on'), $._failure_filters),
    retry_unless: ($) => seq('unless', $._failure_filters),
    _failure_filters: ($) => seq('[', optional(list1($.failure_filter)), ']'),
    failure_filter: ($) => seq(field('kind', $._word), optional($.number)),

    // ---- steps ------------------------------------------------------------------------------------------------------

    block: ($) => seq('{', optional($._steps), '}'),
    // Where a node may be a block or a record, the scanner tells which.
    _inner_block: ($) => seq(alias($._block_open, '{'), optional($._steps), '}'),
    // What stands first in a block may be any node; later, a gate begins a line of its own.
    _steps: ($) => seq(choice($._step, $.gate), repeat(choice($._step, seq($._gate_start, $.gate)))),
    _step: ($) => choice(
      $.named_step, $.require_step, $.return_step, $.yield_step, $.stage_step, $.on_failure, $.budget, $.overlap, $.permit,
    ),
    gate: ($) => $._node,
    on_failure: ($) => seq('on', 'failure', $.block),
    overlap: ($) => seq('overlap', field('policy', $._word), optional(seq('by', $.expression))),
    require_step: ($) => seq('require', $.expression, optional(seq(',', $.expression))),
    return_step: ($) => seq('return', $.expression, optional(seq('when', $.expression))),
    yield_step: ($) => seq('yield', $.expression),
    stage_step: ($) => seq('stage', field('name', $.identifier), field('body', $.block)),
    named_step: ($) => seq(field('name', $._name), '=', field('value', $._node)),

    // ---- nodes ------------------------------------------------------------------------------------------------------

    _node: ($) => prec.right(choice(
      $._node_head,
      alias($._suffixed, $.node),
    )),
    _suffixed: ($) => prec.right(choice(
      seq($._node_head, repeat1($._suffix), repeat($.catch_clause)),
      seq($._node_head, repeat1($.catch_clause)),
    )),
    catch_clause: ($) => prec.right(seq('catch', $._node_head, repeat($._suffix))),
    _suffix: ($) => choice($.with_clause, $.after_clause, $.undo_clause, $.finally_clause),
    undo_clause: ($) => prec.right(seq('undo', $._node_head, optional($.with_clause))),
    finally_clause: ($) => prec.right(seq('finally', $._node_head, optional($.with_clause))),
    after_clause: ($) => seq('after', commas1($.identifier)),
    _node_head: ($) => choice(
      prec(1, $.expression), $.each, $.repeat, $.if_node, $.match_node, $.attempt, $.fail, $.dispatch, $.run_plan,
      alias($._inner_block, $.block),
    ),

    each: ($) => prec.right(seq(
      'each', field('item', $.identifier), optional(seq(',', field('index', $.identifier))), 'in', field('over', $.expression),
      optional($.seed), optional($.with_clause), choice(seq('=>', field('value', $._node)), field('body', $.block)),
    )),
    seed: ($) => seq('from', $.expression, optional(seq(':', $.type_expr))),
    repeat: ($) => prec.right(seq(
      'repeat', optional($.repeat_bound), optional($.seed), field('body', $.block),
      optional(seq($.repeat_until, optional($.repeat_else))),
    )),
    repeat_bound: ($) => seq('up', 'to', $.expression),
    repeat_until: ($) => seq('until', $.expression),
    repeat_else: ($) => prec.right(seq(alias($._else, 'else'), choice(alias($._last, 'last'), $._node))),
    if_node: ($) => prec.right(seq(
      'if', field('condition', $.expression), 'then', field('then', $._node),
      optional(seq(alias($._else, 'else'), field('else', $._node))),
    )),
    match_node: ($) => prec(1, seq(
      'match', field('over', $.expression), '{', repeat(seq(choice($.node_arm, $.else_arm), optional(','))), '}',
    )),
    node_arm: ($) => seq($.patterns, '=>', $._node),
    else_arm: ($) => seq('else', '=>', $._node),
    patterns: ($) => commas1($.pattern),
    pattern: ($) => choice($.string, seq(optional('-'), $.number), $.boolean, $.null),
    attempt: ($) => prec.right(seq('attempt', $._node)),
    fail: ($) => seq('fail', $.expression),
    dispatch: ($) => seq('dispatch', $.expression),
    run_plan: ($) => seq(alias($._run, 'run'), $.expression),

    // ---- tests ------------------------------------------------------------------------------------------------------

    test: ($) => seq('test', field('name', $.string), field('body', $.test_body)),
    test_body: ($) => seq(
      '{', optional(seq(choice($._test_line, $.test_run), repeat(choice($._test_line, seq($._gate_start, $.test_run))))), '}',
    ),
    _test_line: ($) => choice(
      $.test_named, $.test_mock, $.test_expect, $.test_wait, $.test_at, $.test_seed, $.test_profile, $.test_set,
    ),
    test_named: ($) => seq(field('name', $._name), '=', $._test_value),
    test_run: ($) => $._test_value,
    _test_value: ($) => prec.right(seq(optional('attempt'), $.expression, optional($.test_cancel))),
    test_cancel: ($) => seq('cancel', 'after', $.expression),
    test_mock: ($) => seq('mock', field('name', $.identifier), choice($._mock_answer, $.mock_order, $.mock_script)),
    test_expect: ($) => seq('expect', $.expression, optional(seq(',', $.expression))),
    test_wait: ($) => seq('wait', $.expression),
    test_at: ($) => seq('at', $.string),
    test_seed: ($) => seq('seed', $.number),
    test_profile: ($) => seq('profile', field('name', $.identifier)),
    test_set: ($) => seq('set', field('name', $.identifier), '=', $.expression),

    // ---- expressions ------------------------------------------------------------------------------------------------

    expression: ($) => choice($.binary, $.unary, $.cast, $._postfix),
    binary: ($) => choice(...[
      [BIND.or, ['or']], [BIND.and, ['and']], [BIND.compare, ['==', '!=', '<=', '<', '>=', '>']], [BIND.coalesce, ['??']],
      [BIND.add, ['+', '-']], [BIND.multiply, ['*', '/', '%']],
    ].map(([bind, operators]) => prec.left(bind + 1, seq(
      field('left', $.expression), field('operator', operators.length > 1 ? choice(...operators) : operators[0]), field('right', $.expression),
    )))),
    unary: ($) => choice(
      prec(BIND.not + 1, seq(field('operator', 'not'), $.expression)),
      prec(BIND.negate + 1, seq(field('operator', '-'), $.expression)),
    ),
    cast: ($) => prec(BIND.postfix, seq(field('value', choice($._postfix, $.cast)), 'as', field('type', $.type_expr))),

    _postfix: ($) => choice($.field_access, $.optional_access, $.index, $._primary),
    field_access: ($) => prec(BIND.postfix, seq(field('value', $._postfix), '.', field('field', $._word))),
    optional_access: ($) => prec(BIND.postfix, seq(field('value', $._postfix), '?.', field('field', $._word))),
    index: ($) => prec(BIND.postfix, seq(field('value', $._postfix), '[', field('index', $.expression), ']')),

    _primary: ($) => choice(
      $.reference, $.call, $.string, $.number, $.list, $.record, $.group, $.if_expression, $.match_expression, $.boolean,
      $.null,
    ),
    boolean: () => choice('true', 'false'),
    null: () => 'null',
    group: ($) => seq('(', $.expression, ')'),
    reference: ($) => $._value_name,
    call: ($) => prec(BIND.postfix, seq(field('function', $._value_name), $.arguments)),
    arguments: ($) => seq('(', optional(list1($.argument)), ')'),
    argument: ($) => seq(optional(seq(field('label', $._argument_label), ':')), $.expression),
    record: ($) => body(choice($.spread, $.record_field)),
    record_field: ($) => seq(field('name', $._label), optional(seq(':', field('value', $.expression)))),
    spread: ($) => seq('...', $.expression),
    list: ($) => seq('[', optional(choice(seq($._list_part, $.comprehension), list1($._list_part))), ']'),
    _list_part: ($) => choice($.spread, $.expression),
    comprehension: ($) => seq(
      'for', field('item', $.identifier), 'in', field('over', $.expression), optional(seq('if', field('condition', $.expression))),
    ),
    if_expression: ($) => prec.right(seq(
      'if', field('condition', $.expression), 'then', field('then', $.expression),
      optional(seq(alias($._else, 'else'), field('else', $.expression))),
    )),
    match_expression: ($) => seq(
      'match', field('over', $.expression), '{', repeat(seq(choice($.expression_arm, $.expression_else), optional(','))), '}',
    ),
    expression_arm: ($) => seq($.patterns, '=>', $.expression),
    expression_else: ($) => seq('else', '=>', $.expression),

    // ---- types ------------------------------------------------------------------------------------------------------

    type_expr: ($) => prec.right(seq($._type_member, repeat(seq('|', $._type_member)))),
    _type_member: ($) => choice($.type, $.optional_type),
    // `??` is one token here too, and refused.
    optional_type: ($) => prec.right(1, seq($._type_member, choice('?', seq('??', $._failed)))),
    type: ($) => choice(
      $.string, $.type_number, $.boolean, $.null, $.type_list, $.type_record, $.type_group, $.type_worker, $.type_name,
    ),
    type_worker: ($) => prec.right(seq('worker', '(', optional(list1($.type_expr)), ')', optional(seq('->', $.type_expr)))),
    type_number: ($) => seq(optional('-'), $.number),
    type_group: ($) => seq('(', $.type_expr, ')'),
    type_list: ($) => prec.right(seq('[', $.type_expr, ']', optional($.refinement))),
    type_name: ($) => seq(
      field('name', $.identifier), choice($.contract_side, seq(optional($.type_arguments), optional($.refinement))),
    ),
    contract_side: ($) => seq(optional($.version), '.', $._word),
    type_arguments: ($) => seq('<', commas1($.type_expr), '>'),
    type_record: ($) => body(choice($.open_record, $.field_type)),
    open_record: () => '...',
    field_type: ($) => seq(field('name', $._label), optional('?'), ':', field('type', $.type_expr)),
    refinement: ($) => seq('(', choice($.regex, $.range), ')'),
    range: ($) => choice(
      seq(optional($._bound), '..', optional(choice($._bound, $.identifier))),
      $._bound,
    ),
    _bound: ($) => seq(optional('-'), $.number),
    regex: () => token(seq('/', repeat1(choice(/\\[^\n]/, /[^\/\n\\]/)), '/')),

    // ---- words and literals -----------------------------------------------------------------------------------------

    identifier: () => /[A-Za-z_][A-Za-z0-9_]*/,
    // A word after which nothing hangs on whether it is reserved.
    _word: ($) => reserved('none', $.identifier),
    _label: ($) => choice($._word, $.string),
    // `f(if: 1)`: before an expression, some words are keywords too.
    _argument_label: ($) => choice(
      $._name, $.string, alias(choice(...RESERVED), $.identifier),
    ),
    _name: ($) => choice($.identifier, alias($._name_too, $.identifier)),
    _name_too: () => prec(-1, choice(...NAMES_TOO)),
    // A name that can be read: also those that the language itself defines.
    _value_name: ($) => choice($._name, alias(choice(...VALUES), $.special)),

    number: () => /[0-9]([eE][+-][0-9]|[A-Za-z0-9_])*(\.[0-9]([eE][+-][0-9]|[A-Za-z0-9_])*)?/,

    // Text goes before comments: `//` in a string begins none.
    string: ($) => choice(
      seq('"', repeat(choice(alias($._line_text, $.string_text), $.escape, $.interpolation)), token.immediate(prec(2, '"'))),
      seq('"""', repeat(choice(alias($._block_text, $.string_text), $.escape, $.interpolation)), token.immediate(prec(2, '"""'))),
    ),
    _line_text: () => token.immediate(prec(2, choice(/[^"\\$\n]+/, '$'))),
    _block_text: () => token.immediate(prec(2, choice(/[^"\\$]+/, '$', '"', /\\\n/))),
    escape: () => token.immediate(prec(3, /\\(\$\{|u\{[0-9A-Fa-f]*\}|[^\n])/)),
    interpolation: ($) => seq(token.immediate(prec(3, '${')), $.expression, '}'),

    raw_string: ($) => choice(
      seq('"', optional(alias($._raw_line, $.raw_text)), token.immediate(prec(2, '"'))),
      seq('"""', optional(alias($._raw_block, $.raw_text)), token.immediate(prec(2, '"""'))),
    ),
    _raw_line: () => token.immediate(prec(2, /[^"\n]+/)),
    _raw_block: () => token.immediate(prec(2, /([^"]|"[^"]|""[^"])+/)),

    doc_comment: () => token(prec(1, /\/\/[\/!][^\n]*/)),
    comment: () => token(/\/\/[^\n]*/),
  },
});
