//! The walk over an expression: names, fields, branches, calls. What operators and functions do is next door.

use crate::{
  hir::{ConstantId, ElementPart, Expr, ExprKind, FieldPart, FunctionId, Literal, LocalId, LogicOperator, Operator},
  types::Type,
  value::{FailureKind, ListBuilder, RecordBuilder, SecretPart, Value, check_text, conform, excerpt, show},
};

use super::{
  EvalError, Evaluator, MOST_CALLS, MOST_STEPS, Scope,
  fuel::{Fuel, Reason},
  operators,
};

/// Expressions that may be inside one another, calls entered; keeps the stack's size within sight.
const MOST_DEPTH: u32 = 10_000;
/// Stack that one level may take, and what is added where less is left.
const RED_ZONE: usize = 128 << 10;
const MORE_STACK: usize = 1 << 20;

/// One evaluation.
pub(super) struct Walker<'e> {
  pub evaluator: &'e Evaluator,
  constants: &'e [Value],
  scope: &'e dyn Scope,
  /// Names bound inside the expression, innermost last; those of the current function begin at `base`.
  bound: Vec<(LocalId, Value)>,
  base: usize,
  pub fuel: Fuel,
  depth: u32,
  calls: u32,
}

impl<'e> Walker<'e> {
  pub fn new(evaluator: &'e Evaluator, constants: &'e [Value], scope: &'e dyn Scope) -> Self {
    Self {
      evaluator,
      constants,
      scope,
      bound: Vec::new(),
      base: 0,
      fuel: Fuel::new(MOST_STEPS),
      depth: 0,
      calls: 0,
    }
  }

  pub fn eval(&mut self, expr: &Expr) -> Result<Value, EvalError> {
    place(expr, self.fuel.burn(1))?;
    if self.depth >= MOST_DEPTH {
      return place(expr, Err(Reason("the expression is nested deeper than 10,000".into())));
    }
    self.depth += 1;
    let value = stacker::maybe_grow(RED_ZONE, MORE_STACK, || self.step(expr));
    self.depth -= 1;
    value
  }

  fn step(&mut self, expr: &Expr) -> Result<Value, EvalError> {
    match &expr.kind {
      ExprKind::Literal(value) => Ok(value.clone()),
      ExprKind::Local(id) => place(expr, self.local(*id)),
      ExprKind::Constant(id) => place(expr, self.constant(*id)),
      ExprKind::Run => Ok(self.evaluator.run.clone()),
      ExprKind::Cards(pool) => {
        let cards = self.evaluator.program.cards(*pool);
        let cards = place(expr, cards.map_err(Reason::from))?;
        place(expr, self.fuel.burn(cards.weight().elements))?;
        Ok(cards)
      }
      ExprKind::Field { base, name, optional } => self.field(expr, base, name, *optional),
      ExprKind::Index { base, index } => {
        let (base, index) = (self.eval(base)?, self.eval(index)?);
        place(expr, operators::index(&base, &index))
      }
      ExprKind::Not(inner) => Ok(Value::Bool(!self.condition(inner)?)),
      ExprKind::Negate(inner) => {
        let value = self.eval(inner)?;
        place(expr, operators::negate(&value))
      }
      ExprKind::Binary { operator, left, right } => self.binary(expr, *operator, left, right),
      ExprKind::Logic { operator, left, right } => self.logic(*operator, left, right),
      ExprKind::Text(parts) => self.text(expr, parts),
      ExprKind::Record(parts) => self.record(expr, parts),
      ExprKind::List(parts) => self.list(expr, parts),
      ExprKind::Comprehension {
        body,
        item,
        items,
        condition,
      } => self.comprehension(expr, body, *item, items, condition.as_deref()),
      ExprKind::If {
        condition,
        then,
        otherwise,
      } => self.branch(condition, then, otherwise.as_deref()),
      ExprKind::Match {
        subject,
        arms,
        otherwise,
      } => self.choose(expr, subject, arms, otherwise.as_deref()),
      ExprKind::Builtin {
        function,
        arguments,
        it,
      } => self.builtin(expr, *function, arguments, *it),
      ExprKind::Function { function, arguments } => self.call(expr, *function, arguments),
      ExprKind::Cast(inner) => self.cast(expr, inner),
    }
  }

  fn local(&self, id: LocalId) -> Result<Value, Reason> {
    let own = &self.bound[self.base..];
    let found = own.iter().rev().find(|(bound, _)| *bound == id);
    let value = match found {
      Some((_, value)) => Some(value.clone()),
      // Inside a function only its own names are in scope.
      None if self.calls == 0 => self.scope.local(id),
      None => None,
    };
    value.ok_or_else(|| Reason("the name has no value here".into()))
  }

  fn constant(&self, id: ConstantId) -> Result<Value, Reason> {
    let value = self.constants.get(id.0 as usize).cloned();
    value.ok_or_else(|| Reason("the constant has no value yet".into()))
  }

  /// Evaluates with a name bound.
  pub fn with(&mut self, id: LocalId, value: Value, expr: &Expr) -> Result<Value, EvalError> {
    self.bound.push((id, value));
    let result = self.eval(expr);
    self.bound.pop();
    result
  }

  /// Evaluates what must be a bool, with a name bound.
  pub fn holds(&mut self, id: LocalId, value: Value, condition: &Expr) -> Result<bool, EvalError> {
    self.bound.push((id, value));
    let result = self.condition(condition);
    self.bound.pop();
    result
  }

  fn condition(&mut self, expr: &Expr) -> Result<bool, EvalError> {
    match self.eval(expr)? {
      Value::Bool(value) => Ok(value),
      other => place(
        expr,
        Err(Reason(format!("expected a bool, found {}", operators::kind(&other)))),
      ),
    }
  }

  fn field(&mut self, expr: &Expr, base: &Expr, name: &str, optional: bool) -> Result<Value, EvalError> {
    match self.eval(base)? {
      Value::Null if optional => Ok(Value::Null),
      value @ Value::Record(_) => Ok(value.field(name)),
      other => {
        let found = operators::kind(&other);
        place(expr, Err(Reason(format!("there is no field `{name}` in {found}"))))
      }
    }
  }

  fn binary(&mut self, expr: &Expr, operator: Operator, left: &Expr, right: &Expr) -> Result<Value, EvalError> {
    let (left, right) = (self.eval(left)?, self.eval(right)?);
    place(expr, operators::binary(operator, &left, &right, &mut self.fuel))
  }

  fn logic(&mut self, operator: LogicOperator, left: &Expr, right: &Expr) -> Result<Value, EvalError> {
    let first = match operator {
      LogicOperator::Coalesce => match self.eval(left)? {
        Value::Null => return self.eval(right),
        value => return Ok(value),
      },
      LogicOperator::And | LogicOperator::Or => self.condition(left)?,
    };
    if first == (operator == LogicOperator::Or) {
      return Ok(Value::Bool(first));
    }
    self.condition(right).map(Value::Bool)
  }

  fn text(&mut self, expr: &Expr, parts: &[Expr]) -> Result<Value, EvalError> {
    let mut text = String::new();
    if expr.ty == Type::Secret {
      return self.secret_text(expr, parts);
    }
    for part in parts {
      let value = self.eval(part)?;
      if matches!(value, Value::Null | Value::List(_) | Value::Record(_)) {
        let found = operators::kind(&value);
        return place(part, Err(Reason(format!("a text takes scalars, found {found}"))));
      }
      place(expr, push_text(&mut text, &value))?;
    }
    place(expr, self.fuel.burn_text(&text))?;
    Ok(Value::string(text))
  }

  /// A text with secrets in it: they stay names.
  fn secret_text(&mut self, expr: &Expr, parts: &[Expr]) -> Result<Value, EvalError> {
    let mut pieces = Vec::new();
    for part in parts {
      match self.eval(part)? {
        Value::Secret(inner) => pieces.extend(inner.iter().cloned()),
        value => pieces.push(SecretPart::Text(show(&value).into())),
      }
      place(expr, self.fuel.burn(pieces.len() as u64))?;
    }
    Ok(Value::Secret(pieces.into()))
  }

  fn record(&mut self, expr: &Expr, parts: &[FieldPart]) -> Result<Value, EvalError> {
    let mut record = RecordBuilder::default();
    for part in parts {
      match part {
        FieldPart::Field(name, value) => {
          let value = self.eval(value)?;
          place(expr, record.insert(name.clone(), value).map_err(Reason::from))?;
        }
        FieldPart::Spread(spread) => {
          let value = self.eval(spread)?;
          place(spread, spread_fields(&mut record, &value, &mut self.fuel))?;
        }
      }
    }
    Ok(finish_record(record, &expr.ty))
  }

  fn list(&mut self, expr: &Expr, parts: &[ElementPart]) -> Result<Value, EvalError> {
    let mut list = ListBuilder::default();
    for part in parts {
      match part {
        ElementPart::Item(item) => {
          let item = self.eval(item)?;
          place(expr, list.push(item).map_err(Reason::from))?;
        }
        ElementPart::Spread(spread) => {
          let value = self.eval(spread)?;
          let items = place(spread, operators::items(&value))?;
          place(spread, self.fuel.burn(items.len() as u64))?;
          place(expr, extend(&mut list, items))?;
        }
      }
    }
    Ok(list.finish())
  }

  fn comprehension(
    &mut self,
    expr: &Expr,
    body: &Expr,
    item: LocalId,
    items: &Expr,
    condition: Option<&Expr>,
  ) -> Result<Value, EvalError> {
    let value = self.eval(items)?;
    let mut list = ListBuilder::default();
    for element in place(items, operators::items(&value))? {
      if let Some(condition) = condition
        && !self.holds(item, element.clone(), condition)?
      {
        continue;
      }
      let made = self.with(item, element.clone(), body)?;
      place(expr, list.push(made).map_err(Reason::from))?;
    }
    Ok(list.finish())
  }

  fn branch(&mut self, condition: &Expr, then: &Expr, otherwise: Option<&Expr>) -> Result<Value, EvalError> {
    if self.condition(condition)? {
      return self.eval(then);
    }
    otherwise.map_or(Ok(Value::Null), |otherwise| self.eval(otherwise))
  }

  fn choose(
    &mut self,
    expr: &Expr,
    subject: &Expr,
    arms: &[(Vec<Literal>, Expr)],
    otherwise: Option<&Expr>,
  ) -> Result<Value, EvalError> {
    let value = self.eval(subject)?;
    let taken = arms
      .iter()
      .find(|(literals, _)| literals.iter().any(|literal| literal.matches(&value)))
      .map(|(_, arm)| arm);
    match taken.or(otherwise) {
      Some(arm) => self.eval(arm),
      None => place(expr, Err(Reason(format!("no arm takes `{}`", excerpt(&value, 60))))),
    }
  }

  fn call(&mut self, expr: &Expr, id: FunctionId, arguments: &[Expr]) -> Result<Value, EvalError> {
    let evaluator = self.evaluator;
    let Some(function) = evaluator.program.functions.get(id.0 as usize) else {
      return place(expr, Err(Reason("the function does not exist".into())));
    };
    if self.calls >= MOST_CALLS {
      return place(expr, Err(Reason("functions call each other deeper than 1,000".into())));
    }
    let values: Vec<Value> = arguments
      .iter()
      .map(|argument| self.eval(argument))
      .collect::<Result<_, _>>()?;
    let outer = self.base;
    self.base = self.bound.len();
    self
      .bound
      .extend(function.params.iter().map(|param| param.local).zip(values));
    self.calls += 1;
    let result = self.eval(&function.body);
    self.calls -= 1;
    self.bound.truncate(self.base);
    self.base = outer;
    result
  }

  fn cast(&mut self, expr: &Expr, inner: &Expr) -> Result<Value, EvalError> {
    let value = self.eval(inner)?;
    place(expr, self.fuel.burn_walk(&value))?;
    conform(&value, &expr.ty).map_err(|mismatch| EvalError {
      kind: FailureKind::Contract,
      message: format!("in this program, `as` at {mismatch}"),
      at: Some(mismatch.at),
      span: expr.span,
    })
  }
}

/// Says where there is no value.
pub(super) fn place<T>(expr: &Expr, result: Result<T, Reason>) -> Result<T, EvalError> {
  result.map_err(|Reason(message)| EvalError {
    kind: FailureKind::Expression,
    message,
    at: None,
    span: expr.span,
  })
}

fn push_text(text: &mut String, value: &Value) -> Result<(), Reason> {
  match value {
    Value::String(part) => {
      check_text(text.len() + part.len())?;
      text.push_str(part);
    }
    scalar => {
      let part = show(scalar);
      check_text(text.len() + part.len())?;
      text.push_str(&part);
    }
  }
  Ok(())
}

/// Adds the fields of a record; null adds none.
pub(super) fn spread_fields(record: &mut RecordBuilder, value: &Value, fuel: &mut Fuel) -> Result<(), Reason> {
  match value {
    Value::Null => Ok(()),
    Value::Record(_) => {
      let fields = value.as_record().into_iter().flatten();
      for (name, field) in fields {
        fuel.burn(1)?;
        record.insert(name.clone(), field.clone())?;
      }
      Ok(())
    }
    other => Err(Reason(format!("expected a record, found {}", operators::kind(other)))),
  }
}

/// Maps are sorted by key, records stay in order.
pub(super) fn finish_record(record: RecordBuilder, ty: &Type) -> Value {
  match ty.resolved() {
    Type::Map(_) => record.finish_sorted(),
    _ => record.finish(),
  }
}

pub(super) fn extend(list: &mut ListBuilder, items: &[Value]) -> Result<(), Reason> {
  items.iter().try_for_each(|item| list.push(item.clone()))?;
  Ok(())
}
