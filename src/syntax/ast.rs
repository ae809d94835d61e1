//! The tree of one module as it was written: names unresolved, nothing desugared. Its shape follows
//! `grammar/orch.pest`. What could not be read is a `Broken` node, so that a later stage says nothing about it again.

use crate::source::{Span, Spanned};

/// A word with its place.
pub type Name = Spanned<String>;

/// One file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Module {
  /// The `//!` lines, without their markers.
  pub doc: Option<String>,
  pub items: Vec<Item>,
  /// The paths of `include("...")`, in the order written.
  pub includes: Vec<Spanned<String>>,
}

/// A declaration with its `///` lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
  pub doc: Option<String>,
  /// The `allow` lines between the doc comment and the declaration.
  pub allows: Vec<Allow>,
  pub kind: ItemKind,
  /// The whole declaration.
  pub span: Span,
}

/// `allow worker/retry-unsafe "posting twice is harmless"`
#[derive(Clone, Debug, PartialEq)]
pub struct Allow {
  pub code: Spanned<String>,
  pub reason: Spanned<String>,
  pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
  Import(Import),
  Type {
    name: Name,
    ty: TypeExpr,
  },
  Let(Let),
  Contract(Contract),
  Worker(Worker),
  Orchestrator(Orchestrator),
  PatternTemplate(PatternTemplate),
  /// `pool name = [worker, ...]`
  Pool {
    name: Name,
    members: Expr,
  },
  /// `secret name = env "NAME"`
  Secret {
    name: Name,
    variable: Spanned<String>,
  },
  /// `profile name { worker = other, constant = value }`
  Profile {
    name: Name,
    replacements: Vec<(Name, Expr)>,
  },
  Trigger(Box<Trigger>),
  Test(Test),
  /// With a name, a group of settings that `...name` spreads.
  Defaults {
    keyword: Span,
    name: Option<Name>,
    policies: Vec<Policy>,
  },
  Limit {
    name: Name,
    policies: Vec<Policy>,
  },
  /// Did not parse; `names` are those that it would have given, as far as they could be read.
  Broken {
    names: Vec<Name>,
    /// It was meant as an import of names that are not written: any may come from it.
    any: bool,
  },
}

/// `import { a, b as c } from "./file.orch"`
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
  pub names: Vec<ImportedName>,
  pub path: Spanned<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ImportedName {
  pub name: Name,
  pub alias: Option<Name>,
}

/// `let name = e` or `let name(x: T) -> U = e`
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
  pub name: Name,
  /// `None`: a constant.
  pub params: Option<Vec<Param>>,
  /// After `:` for a constant, after `->` for a function.
  pub ty: Option<TypeExpr>,
  pub value: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Param {
  pub name: Name,
  pub ty: TypeExpr,
  pub default: Option<Expr>,
}

/// `contract Name@N { input {...} output T }`
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
  pub name: Name,
  pub version: Option<Spanned<u32>>,
  /// The input's fields, or `None` where the record did not parse.
  pub input: Option<TypeExpr>,
  pub output: Option<TypeExpr>,
}

/// What a worker or orchestrator takes and gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Signature {
  /// `(params) -> T`
  Own {
    params: Vec<Param>,
    output: Option<TypeExpr>,
  },
  /// `: Contract` or `: Contract@2`
  Contract(ContractRef),
}

#[derive(Clone, Debug, PartialEq)]
pub struct ContractRef {
  pub name: Name,
  pub version: Option<Spanned<u32>>,
  pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
  pub name: Name,
  pub signature: Signature,
  pub settings: Vec<Setting>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
  pub keyword: Span,
  pub kind: SettingKind,
  pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SettingKind {
  /// A list expression: the argument vector.
  Exec(Expr),
  /// The script, raw.
  Shell(Spanned<String>),
  Mock(Vec<MockRule>),
  Stdin(Expr),
  Cwd(Expr),
  Env(Vec<RecordPart>),
  Expect(Vec<Spanned<ExitCodes>>),
  Output(Expr),
  Permit(Vec<PermitEntry>),
  /// `uses ["helpers/solve.py"]`: files whose contents are part of the worker's definition.
  Uses(Expr),
  Policy(PolicyKind),
  /// A word that is no setting (`timout 3s`); its value is not read.
  Unknown(Name),
  Broken,
}

/// `0` or `0..3`, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExitCodes {
  pub first: i64,
  pub last: i64,
}

/// One line of a mock's script; a mock without braces is a single `else` rule.
#[derive(Clone, Debug, PartialEq)]
pub struct MockRule {
  /// `on { issue: { number: 2 } }`: the input holds these fields with these values, at any depth.
  pub on: Option<Expr>,
  pub turns: MockTurns,
  pub span: Span,
}

/// Which of the executions that reach a rule it answers, and how.
#[derive(Clone, Debug, PartialEq)]
pub enum MockTurns {
  /// All: `else`, or what stands behind `on` alone.
  All(MockAction),
  /// `first 2 calls => ...`
  First(Expr, MockAction),
  /// `in order [a, b]`: the first so, the second so; at least one.
  Order(Vec<MockAction>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct MockAction {
  /// `delay 2s` before the answer.
  pub delay: Option<Expr>,
  pub answer: MockAnswer,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MockAnswer {
  /// Gives its input back.
  Echo,
  /// `return e`, or just `e` in a script.
  Return(Expr),
  /// `fail exit 75 "message"`, `fail timeout`
  Fail {
    kind: Name,
    code: Option<Spanned<i64>>,
    message: Option<Expr>,
  },
  /// Never answers; only a timeout ends it.
  Hang,
  /// Answers with text that is not JSON.
  Malformed,
}

/// `test "name" { ... }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
  pub name: Spanned<String>,
  pub lines: Vec<TestLine>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TestLine {
  pub kind: TestLineKind,
  pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TestLineKind {
  /// `mock W => answer`, `mock W in order [...]`, `mock W { rules }`
  Mock { worker: Name, rules: Vec<MockRule> },
  /// `name = f(x)`, `name = attempt f(x)`: a run where `f` is an orchestrator, else a value. Without a name: a run.
  Given { name: Option<Name>, value: TestValue },
  /// `expect e, "message"`
  Expect { condition: Expr, message: Option<Expr> },
  /// `wait 30s`
  Wait(Expr),
  /// `at "2026-11-20T09:00:00Z"`
  At(Spanned<String>),
  /// `seed 7`
  Seed(Spanned<i64>),
  /// `profile name`
  Profile(Name),
  /// `set name = e`
  Set { name: Name, value: Expr },
  /// Did not parse; `names` are those that it would have given.
  Broken { names: Vec<Name> },
}

#[derive(Clone, Debug, PartialEq)]
pub struct TestValue {
  /// The place of `attempt`.
  pub attempt: Option<Span>,
  pub value: Expr,
  /// `cancel after 5m`
  pub cancel: Option<Expr>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Orchestrator {
  pub name: Name,
  pub signature: Signature,
  pub body: Block,
}

/// `pattern name<T>(params) -> Type { steps }`
#[derive(Clone, Debug, PartialEq)]
pub struct PatternTemplate {
  pub name: Name,
  pub type_params: Vec<Name>,
  pub params: Vec<Param>,
  pub output: Option<TypeExpr>,
  pub body: Block,
}

/// `on schedule "0 9 * * 1-5" tz "Europe/Stockholm" => report("acme/api")`
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
  pub source: TriggerSource,
  /// `as e: Push`
  pub event: Option<(Name, TypeExpr)>,
  /// `if e.ref == "refs/heads/main"`
  pub condition: Option<Expr>,
  /// A call of an orchestrator or worker.
  pub call: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TriggerSource {
  Schedule {
    /// Five fields of cron.
    cron: Spanned<String>,
    /// An IANA time zone; UTC where none is written.
    zone: Option<Spanned<String>>,
  },
  Webhook {
    path: Spanned<String>,
    /// The secret that signs deliveries.
    signed: Option<Name>,
  },
}

/// What an orchestrator says of itself among its steps.
#[derive(Clone, Debug, PartialEq)]
pub enum Declaration {
  /// `on failure { steps }`
  OnFailure(Block),
  /// `budget { calls 500, cost $5, tokens 1M, time 30m }`
  Budget(Vec<BudgetEntry>),
  /// `overlap skip by repo`
  Overlap { policy: Name, by: Option<Expr> },
  /// `permit { read "./data", write "./out", net none }`
  Permit(Vec<PermitEntry>),
}

/// `calls 500`, `cost $5` (a float of dollars)
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetEntry {
  pub what: Name,
  pub value: Expr,
}

/// `read "./data"`, `net none`
#[derive(Clone, Debug, PartialEq)]
pub struct PermitEntry {
  pub what: Name,
  pub value: Expr,
}

/// A policy of `with`, `defaults` or a `limit` body.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
  pub keyword: Span,
  pub kind: PolicyKind,
  pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PolicyKind {
  Timeout(Expr),
  Deadline(Expr),
  Delay(Expr),
  Retry(Box<Retry>),
  Concurrent(Expr),
  /// `limit github`
  Limit(Name),
  /// `rate 60 per 1m`, only in the body of a `limit`
  Rate {
    count: Expr,
    per: Expr,
  },
  Idempotent,
  Collect,
  Tolerate(Tolerance),
  /// `stop when e`
  StopWhen(Expr),
  /// `hedge after 5s`
  Hedge(Expr),
  Breaker(Vec<BreakerEntry>),
  Cache(Expr),
  Heartbeat(Expr),
  Budget(Vec<BudgetEntry>),
  /// `...name`: the settings of a named group.
  Spread(Name),
  /// `no retry`: takes away what a farther place gave.
  Without(Name),
  Unknown(Name),
  Broken,
}

/// `tolerate 3` or `tolerate 1%`
#[derive(Clone, Debug, PartialEq)]
pub enum Tolerance {
  Count(Expr),
  /// From 0 to 100.
  Percent(Spanned<f64>),
}

/// `open after 3`, `probe after 30s`, `close after 3`
#[derive(Clone, Debug, PartialEq)]
pub struct BreakerEntry {
  pub what: Name,
  pub value: Expr,
}

/// `retry 3 backoff 1s..30s on [timeout, exit 75]`
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
  pub times: Expr,
  pub backoff: Option<Backoff>,
  pub on: Option<Vec<FailureFilter>>,
  pub unless: Option<Vec<FailureFilter>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Backoff {
  /// `backoff 1s..30s`
  Exponential { from: Expr, to: Expr },
  /// `fixed 5s`
  Fixed(Expr),
}

/// `timeout`, `exit 75`
#[derive(Clone, Debug, PartialEq)]
pub struct FailureFilter {
  pub kind: Name,
  pub code: Option<Spanned<i64>>,
}

/// `{ steps }`
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
  pub steps: Vec<Step>,
  /// With its braces.
  pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
  pub kind: StepKind,
  pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
  Named {
    name: Name,
    node: Node,
  },
  /// A node as a line of its own.
  Gate(Node),
  Require {
    condition: Expr,
    message: Option<Expr>,
  },
  Return {
    value: Expr,
    when: Option<Expr>,
  },
  Yield(Expr),
  Stage {
    name: Name,
    body: Block,
  },
  /// Not a step: it stands anywhere at the top of an orchestrator.
  Declaration(Declaration),
  /// Did not parse; `names` are those that it would have given.
  Broken {
    names: Vec<Name>,
  },
}

/// What stands right of `=`, as a gate, in an arm or branch, after `=>`, `attempt` and `catch`.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
  pub kind: NodeKind,
  pub with: Vec<Policy>,
  pub after: Vec<Name>,
  /// `undo rollback(x)`, with its own `with`.
  pub undo: Option<Box<Node>>,
  /// `finally close(x)`
  pub finally: Option<Box<Node>>,
  /// Everything, suffixes too.
  pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
  /// A call of a worker or orchestrator, or an expression without such calls; names decide.
  Expr(Expr),
  Each(Box<Each>),
  Repeat(Box<Repeat>),
  If {
    condition: Expr,
    then: Box<Node>,
    otherwise: Option<Box<Node>>,
  },
  Match {
    subject: Expr,
    arms: Vec<NodeArm>,
    otherwise: Option<(Span, Box<Node>)>,
  },
  Attempt(Box<Node>),
  Catch {
    inner: Box<Node>,
    handler: Box<Node>,
  },
  Fail(Expr),
  /// `dispatch worker(x)`
  Dispatch(Expr),
  /// `run plan`
  Run(Expr),
  Block(Block),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Each {
  pub item: Name,
  pub index: Option<Name>,
  pub items: Expr,
  /// `from seed: Type`: a fold.
  pub seed: Option<(Expr, Option<TypeExpr>)>,
  /// The policies before `=>` or `{`.
  pub with: Vec<Policy>,
  /// `=> node` or a block.
  pub body: Node,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Repeat {
  pub keyword: Span,
  /// `up to e`; `None` is an error that a later stage says.
  pub bound: Option<Expr>,
  pub seed: Option<(Expr, Option<TypeExpr>)>,
  pub body: Block,
  pub until: Option<Expr>,
  pub otherwise: Option<RepeatElse>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RepeatElse {
  Last,
  /// Also `else fail "..."`.
  Node(Box<Node>),
}

/// `"bug" => node` or `"bug", "crash" => node`
#[derive(Clone, Debug, PartialEq)]
pub struct NodeArm {
  pub patterns: Vec<Pattern>,
  pub node: Node,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ExprArm {
  pub patterns: Vec<Pattern>,
  pub value: Expr,
}

/// A literal; nothing is bound by a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
  pub kind: PatternKind,
  pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
  Null,
  Bool(bool),
  Int(i64),
  String(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
  pub kind: ExprKind,
  pub span: Span,
}

impl Expr {
  /// The text of a string without values in it.
  pub fn plain_text(&self) -> Option<&str> {
    match &self.kind {
      ExprKind::String(parts) => match parts.as_slice() {
        [] => Some(""),
        [StringPart::Text(text)] => Some(text),
        _ => None,
      },
      _ => None,
    }
  }

  /// `_`
  pub fn is_hole(&self) -> bool {
    matches!(&self.kind, ExprKind::Name(name) if name == "_")
  }
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
  Null,
  Bool(bool),
  Int(i64),
  Float(f64),
  /// Milliseconds.
  Duration(i64),
  String(Vec<StringPart>),
  Name(String),
  Field {
    base: Box<Expr>,
    name: Name,
    optional: bool,
  },
  Index {
    base: Box<Expr>,
    index: Box<Expr>,
  },
  Call {
    callee: Name,
    arguments: Vec<Argument>,
  },
  Unary {
    operator: UnaryOperator,
    operand: Box<Expr>,
  },
  Binary {
    operator: Spanned<BinaryOperator>,
    left: Box<Expr>,
    right: Box<Expr>,
  },
  Cast {
    value: Box<Expr>,
    ty: TypeExpr,
  },
  Record(Vec<RecordPart>),
  List(Vec<ListPart>),
  /// `[body for item in items if condition]`
  Comprehension {
    body: Box<Expr>,
    item: Name,
    items: Box<Expr>,
    condition: Option<Box<Expr>>,
  },
  If {
    condition: Box<Expr>,
    then: Box<Expr>,
    otherwise: Option<Box<Expr>>,
  },
  Match {
    subject: Box<Expr>,
    arms: Vec<ExprArm>,
    otherwise: Option<(Span, Box<Expr>)>,
  },
  /// Said already; fits everything.
  Broken,
}

#[derive(Clone, Debug, PartialEq)]
pub enum StringPart {
  Text(String),
  Value(Expr),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
  pub label: Option<Name>,
  pub value: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RecordPart {
  /// `name: e`, `"name": e`, or `name` alone (the value is then that name).
  Field {
    name: Name,
    value: Expr,
  },
  Spread(Expr),
}

#[derive(Clone, Debug, PartialEq)]
pub enum ListPart {
  Item(Expr),
  Spread(Expr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
  Not,
  Negate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
  Or,
  And,
  Equal,
  NotEqual,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,
  Coalesce,
  Add,
  Subtract,
  Multiply,
  Divide,
  Remainder,
}

impl BinaryOperator {
  pub fn symbol(self) -> &'static str {
    match self {
      BinaryOperator::Or => "or",
      BinaryOperator::And => "and",
      BinaryOperator::Equal => "==",
      BinaryOperator::NotEqual => "!=",
      BinaryOperator::Less => "<",
      BinaryOperator::LessOrEqual => "<=",
      BinaryOperator::Greater => ">",
      BinaryOperator::GreaterOrEqual => ">=",
      BinaryOperator::Coalesce => "??",
      BinaryOperator::Add => "+",
      BinaryOperator::Subtract => "-",
      BinaryOperator::Multiply => "*",
      BinaryOperator::Divide => "/",
      BinaryOperator::Remainder => "%",
    }
  }
}

#[derive(Clone, Debug, PartialEq)]
pub struct TypeExpr {
  pub kind: TypeExprKind,
  pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TypeExprKind {
  /// `string`, `Issue`, `Outcome<T>`, `map<T>`; refinements in `refine`.
  Name {
    name: Name,
    arguments: Vec<TypeExpr>,
    refine: Option<Spanned<Refinement>>,
  },
  /// `AnalyzeIssue.input`, `AnalyzeIssue@2.output`
  ContractSide {
    contract: ContractRef,
    side: Name,
  },
  Null,
  Bool(bool),
  Int(i64),
  String(String),
  List {
    item: Box<TypeExpr>,
    refine: Option<Spanned<Refinement>>,
  },
  Record {
    fields: Vec<FieldType>,
    open: bool,
  },
  Union(Vec<TypeExpr>),
  /// `T?`
  Optional(Box<TypeExpr>),
  /// `worker(A, B) -> C`
  Worker {
    inputs: Vec<TypeExpr>,
    output: Option<Box<TypeExpr>>,
  },
  Broken,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FieldType {
  pub doc: Option<String>,
  pub name: Name,
  /// `b?: T`
  pub optional: bool,
  pub ty: TypeExpr,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Refinement {
  /// `(1..200)`, `(..500)`, `(0..1)`, `(3)`; ends included, numbers as written.
  Range { min: Option<Number>, max: Option<Number> },
  /// `(..most)`: up to the value of a constant or of a pattern's parameter.
  UpTo(Name),
  /// `(/^[a-z-]+$/)`: the pattern between the slashes, `\/` already read as `/`.
  Regex(String),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
  Int(i64),
  Float(f64),
}
