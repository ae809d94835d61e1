//! Why an expectation does not hold: the values of its parts, where two values differ, and the calls that it is about.

use super::{
  observe::Names,
  problem::{Problem, one_line},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  eval::{Evaluator, Scope},
  hir::{Builtin, ElementPart, Expr, ExprKind, FieldPart, LocalId, LogicOperator, Observed, Operator, Subject},
  source::{Sources, Span},
  value::{Value, clip, excerpt, show},
};

/// Characters of a value on a label, and in the list of values.
const SHORT: usize = 60;
const LONG: usize = 400;
/// Values that are listed.
const MOST: usize = 12;

pub(super) struct Explainer<'a> {
  pub evaluator: &'a Evaluator,
  pub names: Names<'a>,
  pub sources: &'a Sources,
}

/// Names, and what `it` is.
struct WithItem<'a>(&'a Names<'a>, LocalId, &'a Value);

impl Scope for WithItem<'_> {
  fn local(&self, id: LocalId) -> Option<Value> {
    match id == self.1 {
      true => Some(self.2.clone()),
      false => self.0.local(id),
    }
  }
}

/// What is said of an expectation while it is looked at.
#[derive(Default)]
struct Said {
  labels: Vec<(Span, String)>,
  values: Vec<(String, String)>,
}

impl Explainer<'_> {
  pub fn problem(&self, condition: &Expr, message: Option<String>) -> Problem {
    let mut said = Said::default();
    self.decide(condition, &mut said);
    let text = self.text(condition.span);
    let mut finding = Diagnostic::new(
      &codes::TEST_FAILED,
      match &message {
        Some(message) => one_line(message),
        None => format!("`{text}` does not hold"),
      },
    );
    if said.labels.is_empty() {
      said.labels.push((condition.span, "does not hold".to_owned()));
    }
    for (span, label) in said.labels {
      finding = finding.label(span, label);
    }
    said.values.truncate(MOST);
    Problem {
      values: said.values,
      trace: self.trace(condition),
      ..Problem::new(finding)
    }
  }

  /// The source on one line.
  fn text(&self, span: Span) -> String {
    one_line(&self.sources.get(span.source).text[span.range()])
  }

  fn value(&self, expr: &Expr) -> Option<Value> {
    self.evaluator.eval(expr, &self.names).ok()
  }

  /// Finds the parts that decide, and says what they are.
  fn decide(&self, expr: &Expr, said: &mut Said) {
    match &expr.kind {
      ExprKind::Logic {
        operator: LogicOperator::And,
        left,
        right,
      } => {
        let holds = self.value(left) == Some(Value::Bool(true));
        self.decide(if holds { right } else { left }, said);
      }
      ExprKind::Logic {
        operator: LogicOperator::Or,
        left,
        right,
      } => [left, right].into_iter().for_each(|side| self.decide(side, said)),
      ExprKind::Binary { operator, left, right } if compares(*operator) => self.compared(left, right, said),
      _ => {
        if let Some(value) = self.value(expr) {
          said
            .labels
            .push((expr.span, format!("this is {}", shown(&value, SHORT))));
        }
        said.values.extend(self.first_without(expr));
        self.parts(expr, said);
      }
    }
  }

  fn compared(&self, left: &Expr, right: &Expr, said: &mut Said) {
    for side in [left, right] {
      let Some(value) = self.value(side) else { continue };
      if reads_anything(side) {
        said
          .labels
          .push((side.span, format!("this is {}", shown(&value, SHORT))));
        self.list(side, &value, said);
      }
      if !is_place(side) {
        self.parts(side, said);
      }
    }
    if let (Some(left), Some(right)) = (self.value(left), self.value(right))
      && let Some((at, left, right)) = difference(&left, &right, String::new())
      && !at.is_empty()
    {
      let found = format!("at `{at}`: {}, not {}", shown(&left, LONG), shown(&right, LONG));
      said.values.push(("first difference".into(), found));
    }
  }

  /// Of `all(items, condition)`, the first item for which it does not hold.
  fn first_without(&self, expr: &Expr) -> Option<(String, String)> {
    let ExprKind::Builtin {
      function: Builtin::All,
      arguments,
      it: Some(it),
    } = &expr.kind
    else {
      return None;
    };
    let items = self.value(&arguments[0])?;
    let lacks = |item: &&Value| {
      let inner = WithItem(&self.names, *it, item);
      self.evaluator.eval(&arguments[1], &inner) == Ok(Value::Bool(false))
    };
    let item = items.as_list()?.iter().find(lacks)?;
    Some(("it".to_owned(), shown(item, LONG)))
  }

  /// Puts a value on the list, unless a label has it whole.
  fn list(&self, expr: &Expr, value: &Value, said: &mut Said) {
    let long = shown(value, LONG);
    if long.chars().count() >= SHORT {
      self.name(expr, long, said);
    }
  }

  fn name(&self, expr: &Expr, value: String, said: &mut Said) {
    let entry = (clip(&self.text(expr.span), SHORT), value);
    if !said.values.contains(&entry) {
      said.values.push(entry);
    }
  }

  /// The names inside, each with the fields behind it.
  fn parts(&self, expr: &Expr, said: &mut Said) {
    for part in inside(expr) {
      if is_place(part) {
        if let Some(value) = self.value(part) {
          self.name(part, shown(&value, LONG), said);
        }
      } else {
        self.parts(part, said);
      }
    }
  }

  /// The calls that the condition asks about; where it asks about none, those of the runs that it names, or all.
  fn trace(&self, condition: &Expr) -> Vec<String> {
    let mut locals = Vec::new();
    collect(condition, &mut locals);
    let trace = self.names.trace;
    let asked: Vec<_> = locals
      .iter()
      .filter_map(|local| self.names.observation(*local))
      .collect();
    let runs: Vec<_> = locals
      .iter()
      .filter(|local| trace.runs.iter().any(|run| run.local == Some(**local)))
      .collect();
    let meant = trace.calls.iter().filter(|call| {
      let of_run = |name: &LocalId| trace.runs[call.run].local == Some(*name);
      if asked.is_empty() {
        return runs.is_empty() || runs.iter().any(|run| of_run(run));
      }
      asked.iter().any(|observation| {
        let subjects = subjects(&observation.what);
        let subject = subjects.is_empty() || subjects.iter().any(|subject| call.is_of(subject));
        subject && observation.run.as_ref().is_none_or(of_run)
      })
    });
    trace.lines(meant, self.evaluator.program())
  }
}

fn subjects(what: &Observed) -> Vec<Subject> {
  match what {
    Observed::Calls(subject) | Observed::Started(subject) => vec![subject.clone()],
    Observed::Peak(subject) => subject.iter().cloned().collect(),
    Observed::Inputs(worker) => vec![Subject::Worker(*worker)],
    Observed::Order(subjects) => subjects.clone(),
    Observed::Elapsed => Vec::new(),
  }
}

fn compares(operator: Operator) -> bool {
  use Operator::*;
  matches!(
    operator,
    Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual
  )
}

/// A name, with fields and indices behind it.
fn is_place(expr: &Expr) -> bool {
  match &expr.kind {
    ExprKind::Local(_) | ExprKind::Constant(_) => true,
    ExprKind::Field { base, .. } | ExprKind::Index { base, .. } => is_place(base),
    _ => false,
  }
}

/// Expressions of the same scope inside one.
fn inside(expr: &Expr) -> Vec<&Expr> {
  match &expr.kind {
    ExprKind::Literal(_) | ExprKind::Local(_) | ExprKind::Constant(_) | ExprKind::Run => Vec::new(),
    ExprKind::Cards(_) => Vec::new(),
    ExprKind::Field { base, .. } => vec![base],
    ExprKind::Index { base, index } => vec![base, index],
    ExprKind::Not(inner) | ExprKind::Negate(inner) | ExprKind::Cast(inner) => vec![inner],
    ExprKind::Binary { left, right, .. } | ExprKind::Logic { left, right, .. } => vec![left, right],
    ExprKind::Text(parts) => parts.iter().collect(),
    ExprKind::Record(parts) => parts.iter().map(field).collect(),
    ExprKind::List(parts) => parts.iter().map(element).collect(),
    ExprKind::Comprehension { items, .. } => vec![items],
    ExprKind::If { condition, .. } => vec![condition],
    ExprKind::Match { subject, .. } => vec![subject],
    ExprKind::Builtin { arguments, it, .. } => arguments
      .iter()
      .take(if it.is_some() { 1 } else { arguments.len() })
      .collect(),
    ExprKind::Function { arguments, .. } => arguments.iter().collect(),
  }
}

fn field(part: &FieldPart) -> &Expr {
  match part {
    FieldPart::Field(_, value) | FieldPart::Spread(value) => value,
  }
}

fn element(part: &ElementPart) -> &Expr {
  match part {
    ElementPart::Item(value) | ElementPart::Spread(value) => value,
  }
}

/// Whether it stands for more than it says.
fn reads_anything(expr: &Expr) -> bool {
  let is_name = matches!(
    expr.kind,
    ExprKind::Local(_) | ExprKind::Constant(_) | ExprKind::Function { .. } | ExprKind::Builtin { .. }
  );
  is_name || inside(expr).into_iter().any(reads_anything)
}

/// The names that an expression reads in its own scope.
fn collect(expr: &Expr, locals: &mut Vec<LocalId>) {
  if let ExprKind::Local(local) = &expr.kind {
    locals.push(*local);
  }
  inside(expr).into_iter().for_each(|inner| collect(inner, locals));
}

/// The innermost place at which two values differ, and what stands there in each.
fn difference(left: &Value, right: &Value, at: String) -> Option<(String, Value, Value)> {
  if left == right {
    return None;
  }
  if let (Some(left), Some(right)) = (left.as_record(), right.as_record()) {
    let mut names = left.keys().chain(right.keys());
    return names.find_map(|name| {
      let side = |record: &indexmap::IndexMap<std::sync::Arc<str>, Value>| record.get(name).cloned();
      let (left, right) = (side(left).unwrap_or(Value::Null), side(right).unwrap_or(Value::Null));
      difference(&left, &right, format!("{at}.{name}"))
    });
  }
  if let (Some(lefts), Some(rights)) = (left.as_list(), right.as_list())
    && lefts.len() == rights.len()
  {
    let mut pairs = lefts.iter().zip(rights).enumerate();
    return pairs.find_map(|(index, (left, right))| difference(left, right, format!("{at}[{index}]")));
  }
  Some((at, left.clone(), right.clone()))
}

/// Strings in quotes, lists and records as JSON, all else as it is written in a program.
fn shown(value: &Value, most: usize) -> String {
  match value {
    Value::String(_) | Value::List(_) | Value::Record(_) => excerpt(value, most),
    scalar => show(scalar),
  }
}

#[cfg(test)]
mod tests {
  use super::*;
  use crate::value::from_json;

  #[test]
  fn the_innermost_difference_is_found() {
    let value = |json: serde_json::Value| from_json(&json).expect("small");
    let differs = |left, right| difference(&value(left), &value(right), String::new()).map(|(at, ..)| at);
    use serde_json::json;
    assert_eq!(
      differs(json!({"a": [1, {"b": 2}]}), json!({"a": [1, {"b": 3}]})),
      Some(".a[1].b".into())
    );
    assert_eq!(differs(json!([1, 2]), json!([1])), Some(String::new()));
    assert_eq!(differs(json!({"a": 1}), json!({"b": 1})), Some(".a".into()));
    assert_eq!(differs(json!([1]), json!([1])), None);
  }
}
