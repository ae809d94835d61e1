//! Typed pure expressions.

use std::sync::Arc;

use super::{ConstantId, FunctionId, LocalId, PoolId};
use crate::{source::Span, types::Type, value::Value};

/// An expression with the type of its value.
#[derive(Clone, Debug)]
pub struct Expr {
  pub kind: ExprKind,
  pub ty: Type,
  pub span: Span,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
  Literal(Value),
  /// A parameter, step, item, `error`, `previous`, `it` ...
  Local(LocalId),
  Constant(ConstantId),
  /// `run`
  Run,
  /// `describe(pool)`: a `WorkerCard` of each member.
  Cards(PoolId),
  /// `base.name`; with `optional` (`?.`), null where the base is null. An absent field is null.
  Field {
    base: Box<Expr>,
    name: Arc<str>,
    optional: bool,
  },
  /// A list at an int (out of range: an `expression` failure), or a map at a string (absent: null).
  Index {
    base: Box<Expr>,
    index: Box<Expr>,
  },
  Not(Box<Expr>),
  Negate(Box<Expr>),
  Binary {
    operator: Operator,
    left: Box<Expr>,
    right: Box<Expr>,
  },
  /// The right side is evaluated only if needed.
  Logic {
    operator: LogicOperator,
    left: Box<Expr>,
    right: Box<Expr>,
  },
  /// `"text ${x}"`: scalars shown one after another.
  Text(Vec<Expr>),
  Record(Vec<FieldPart>),
  List(Vec<ElementPart>),
  Comprehension {
    body: Box<Expr>,
    item: LocalId,
    items: Box<Expr>,
    condition: Option<Box<Expr>>,
  },
  /// Without `otherwise`: null.
  If {
    condition: Box<Expr>,
    then: Box<Expr>,
    otherwise: Option<Box<Expr>>,
  },
  Match {
    subject: Box<Expr>,
    arms: Vec<(Vec<Literal>, Expr)>,
    otherwise: Option<Box<Expr>>,
  },
  /// With `it`, the last argument is an expression that is evaluated for each item of the first.
  Builtin {
    function: Builtin,
    arguments: Vec<Expr>,
    it: Option<LocalId>,
  },
  Function {
    function: FunctionId,
    arguments: Vec<Expr>,
  },
  /// `e as T`: the `ty` of this expression is T; checked at run time, a `contract` failure if it does not fit.
  Cast(Box<Expr>),
}

/// A literal to compare with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Literal {
  Null,
  Bool(bool),
  Int(i64),
  String(Arc<str>),
}

impl Literal {
  pub fn matches(&self, value: &Value) -> bool {
    match (self, value) {
      (Literal::Null, Value::Null) => true,
      (Literal::Bool(a), Value::Bool(b)) => a == b,
      (Literal::Int(a), Value::Int(b)) => a == b,
      (Literal::String(a), Value::String(b)) => a == b,
      _ => false,
    }
  }
}

#[derive(Clone, Debug)]
pub enum FieldPart {
  Field(Arc<str>, Expr),
  /// Fields of a later part replace those of an earlier one, in the earlier one's place.
  Spread(Expr),
}

#[derive(Clone, Debug)]
pub enum ElementPart {
  Item(Expr),
  Spread(Expr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
  Equal,
  NotEqual,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,
  /// Numbers of one kind, strings, lists, `time + duration`, durations.
  Add,
  /// Numbers, `time - duration`, `time - time`, durations.
  Subtract,
  /// Numbers, `duration * int`.
  Multiply,
  /// Two numbers of one kind, always a float; `duration / int` is a duration.
  Divide,
  Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogicOperator {
  And,
  Or,
  /// `??`
  Coalesce,
}

macro_rules! builtins {
  ($($variant:ident = $name:literal;)*) => {
    /// A function of the language; their types are in `analysis`, their meaning in `eval`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Builtin { $($variant,)* }

    impl Builtin {
      /// Every function, in the order of this table.
      pub const ALL: &'static [Builtin] = &[$(Builtin::$variant,)*];

      pub fn name(self) -> &'static str {
        match self { $(Builtin::$variant => $name,)* }
      }

      pub fn find(name: &str) -> Option<Builtin> {
        Self::ALL.iter().copied().find(|builtin| builtin.name() == name)
      }
    }
  };
}

builtins! {
  Len = "len";
  Count = "count";
  Any = "any";
  All = "all";
  Find = "find";
  Sum = "sum";
  Min = "min";
  Max = "max";
  Avg = "avg";
  SortBy = "sort_by";
  GroupBy = "group_by";
  Unique = "unique";
  Flatten = "flatten";
  Take = "take";
  Chunk = "chunk";
  Range = "range";
  Zip = "zip";
  Keys = "keys";
  Values = "values";
  Merge = "merge";
  Join = "join";
  Split = "split";
  Lines = "lines";
  Trim = "trim";
  Lower = "lower";
  Upper = "upper";
  Replace = "replace";
  Contains = "contains";
  StartsWith = "starts_with";
  EndsWith = "ends_with";
  Matches = "matches";
  String = "string";
  Int = "int";
  Float = "float";
  Json = "json";
  ParseJson = "parse_json";
  Format = "format";
  UrlEncode = "url_encode";
  Succeeded = "succeeded";
  Failures = "failures";
  First = "first";
  Last = "last";
  Round = "round";
  Ceil = "ceil";
  Floor = "floor";
  Abs = "abs";
  Hash = "hash";
}
