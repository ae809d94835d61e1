//! Plans: their types, and the runs of them.

use std::sync::Arc;

use super::{
  checker::{Checker, Replaced},
  expressions::broken,
  names::Body,
  nodes::Made,
  policies::{Spot, WorkerPolicies, written},
  reads::Reads,
  symbols::{Space, Target},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{ElementPart, Expr, ExprKind, FieldPart, NodeKind, PoolId, RunPlan},
  source::{Span, Spanned},
  syntax::ast::{self, Name, Number, Refinement, TypeExpr, TypeExprKind},
  types::{self, ListType, PlanType, Type},
  value::{Value, conform},
};

/// Types over a pool; a type of that name that is declared wins.
pub const POOL_TYPES: [&str; 2] = ["Plan", "Result_of"];

/// Constants that a bound goes through at most.
const FURTHEST: u32 = 16;

impl Checker<'_> {
  /// `Plan<pool>(..12)` or `Result_of<pool>`.
  pub(super) fn pool_type(
    &mut self,
    module: usize,
    name: &Name,
    arguments: &[TypeExpr],
    refine: Option<&Spanned<Refinement>>,
  ) -> Type {
    let [argument] = arguments else {
      let message = format!("`{}` takes one pool: `{0}<crew>`", name.value);
      self.say(Diagnostic::new(&codes::BAD_ARGUMENTS, message).label(name.span, "here"));
      return Type::Unknown;
    };
    let Some(pool) = argument.plain_name() else {
      let message = format!("`{}` takes the name of a pool", name.value);
      self.say(Diagnostic::new(&codes::WRONG_KIND, message).label(argument.span, "not a pool"));
      return Type::Unknown;
    };
    let most = refine.filter(|_| name.value == "Plan");
    let most = most.map(|refine| self.plan_bound(module, refine));
    let Some(PoolId(id)) = self.pool(module, pool) else {
      return Type::Unknown;
    };
    let shown: Arc<str> = self.symbols.pool_names[id as usize].value.as_str().into();
    match (name.value.as_str(), refine) {
      ("Plan", _) if most == Some(None) => Type::Unknown,
      ("Plan", _) => {
        let members = self.pools[id as usize].members.clone();
        members.map_or(Type::Unknown, |members| {
          Type::Plan(Arc::new(PlanType::new(shown, id, members, most.flatten())))
        })
      }
      (_, Some(refine)) => self.bad_refinement(refine.span, "`Result_of` takes no refinement"),
      (_, None) => types::result_of(&shown),
    }
  }

  fn plan_bound(&mut self, module: usize, refine: &Spanned<Refinement>) -> Option<u64> {
    match &refine.value {
      Refinement::UpTo(name) => self.up_to(module, name),
      Refinement::Range {
        min: None,
        max: Some(Number::Int(most)),
      } => u64::try_from(*most).ok(),
      _ => {
        self.bad_refinement(refine.span, "the bound of a plan is `(..most)`, with an int from 0");
        None
      }
    }
  }

  /// The value of a constant, or of a pattern's int parameter, that stands as a bound in a type; says it where it is not known before anything runs.
  pub(super) fn up_to(&mut self, module: usize, name: &Name) -> Option<u64> {
    if let Some(bound) = self.scope.bound(&name.value) {
      self.mark_in_pattern(module, name);
      return self.up_to_param(name, bound);
    }
    let [Target::Let(at)] = self.resolve(module, Space::Value, name, "constant")[..] else {
      return None;
    };
    let most = self.plain_int(at, 0).and_then(|most| u64::try_from(most).ok());
    if most.is_none() {
      let message = format!("`{}` is not a plain int from 0", name.value);
      let finding = Diagnostic::new(&codes::BAD_REFINEMENT, message)
        .label(name.span, "a bound is known before anything is computed")
        .help(format!(
          "write a number, or give the constant one: `let {} = 12`",
          name.value
        ));
      self.say(finding);
    }
    most
  }

  /// The value of what is made of literals and constants alone, with nothing to compute.
  fn literal_value(&self, expr: &Expr) -> Option<Value> {
    match &expr.kind {
      ExprKind::Literal(value) => Some(value.clone()),
      ExprKind::Constant(id) => self.literal_value(&self.program.constants.get(id.0 as usize)?.value),
      ExprKind::Record(parts) => {
        let fields = parts.iter().map(|part| match part {
          FieldPart::Field(name, value) => Some((name.clone(), self.literal_value(value)?)),
          FieldPart::Spread(_) => None,
        });
        Value::record(fields.collect::<Option<_>>()?).ok()
      }
      ExprKind::List(parts) => {
        let items = parts.iter().map(|part| match part {
          ElementPart::Item(item) => self.literal_value(item),
          ElementPart::Spread(_) => None,
        });
        Value::list(items.collect::<Option<_>>()?).ok()
      }
      _ => None,
    }
  }

  fn plain_int(&self, at: usize, depth: u32) -> Option<i64> {
    if let Some(Replaced::Value(Value::Int(value), _)) = self.replaced.get(&at) {
      return Some(*value);
    }
    let (module, value) = self.written(at);
    match &value?.kind {
      ast::ExprKind::Int(value) => Some(*value),
      ast::ExprKind::Name(name) if depth < FURTHEST => match self.symbols.find(module, Space::Value, name)?.targets[..]
      {
        [Target::Let(other)] => self.plain_int(other, depth + 1),
        _ => None,
      },
      _ => None,
    }
  }
}

/// Whether something in a literal was said already.
fn holds_broken(expr: &Expr) -> bool {
  match &expr.kind {
    ExprKind::Record(parts) => parts.iter().any(|part| match part {
      FieldPart::Field(_, value) | FieldPart::Spread(value) => holds_broken(value),
    }),
    ExprKind::List(parts) => parts.iter().any(|part| match part {
      ElementPart::Item(value) | ElementPart::Spread(value) => holds_broken(value),
    }),
    _ => expr.ty.is_unknown(),
  }
}

impl TypeExpr {
  /// A name and nothing else.
  fn plain_name(&self) -> Option<&Name> {
    match &self.kind {
      TypeExprKind::Name {
        name,
        arguments,
        refine: None,
      } if arguments.is_empty() => Some(name),
      _ => None,
    }
  }
}

impl Body<'_, '_> {
  /// `run plan`
  pub(super) fn run_plan(&mut self, node: &ast::Node, written_plan: &ast::Expr) -> Made {
    let plan = self.infer(written_plan);
    let mut policies = WorkerPolicies::default();
    self.apply_policies(written(&node.with), Spot::Run, &mut policies);
    let Some(ty) = plan.ty.as_plan().cloned() else {
      self.no_plan(&plan.ty, plan.span);
      return (NodeKind::Fail(broken(node.span)), Type::Unknown, policies);
    };
    if ty.most.is_none() {
      let finding = Diagnostic::new(&codes::UNBOUNDED, "the plan has no upper bound")
        .label(plan.span, format!("this is `{}`", plan.ty))
        .help(format!("give its type one: `Plan<{}>(..12)`", ty.pool));
      self.say(finding);
    }
    if self.is_constant(written_plan) {
      let finding = Diagnostic::new(&codes::CONSTANT_PLAN, "this plan is always the same")
        .label(plan.span, "no call has a part in it")
        .help("a graph that is known is written as steps: each is checked, and named");
      self.say(finding);
    }
    let results = Type::List(Arc::new(ListType {
      item: types::result_of(&ty.pool),
      min: None,
      max: ty.most,
    }));
    let run = RunPlan {
      plan,
      pool: PoolId(ty.number),
      most: ty.most.unwrap_or(u64::MAX),
      concurrent: policies.concurrent.clone(),
      collect: policies.collect.is_some(),
    };
    (NodeKind::RunPlan(Box::new(run)), results, policies)
  }

  /// A plan that is written out is checked at once, where nothing in it is computed.
  pub(super) fn plan_literal(&mut self, parts: &[ast::RecordPart], span: Span, wanted: &Type, what: &str) -> Expr {
    let before = self.checker.findings.0.len();
    let mut record = self.record(parts, span, Some(wanted));
    if self.checker.findings.0.len() > before || holds_broken(&record) {
      record.ty = Type::Unknown;
      return record;
    }
    match self.checker.literal_value(&record).map(|value| conform(&value, wanted)) {
      None => self.checker.mismatch(span, &record.ty, wanted, what),
      Some(Ok(_)) => record.ty = wanted.clone(),
      Some(Err(mismatch)) => {
        let message = format!("{what} does not fit at `{}`: {}", mismatch.at, mismatch.reason);
        self.say(Diagnostic::new(&codes::MISMATCH, message).label(span, "this is no such plan"));
        record.ty = Type::Unknown;
      }
    }
    record
  }

  fn no_plan(&mut self, found: &Type, span: Span) {
    if found.is_unknown() {
      return;
    }
    let null = found.accepts_null() && found.without_null().as_plan().is_some();
    let finding = super::checker::not_taken(null, "`run` takes a plan");
    self.say(finding.label(span, format!("this is `{found}`")).help(if null {
      "test it first: `require x != null`"
    } else {
      "what a planner gives says so: `-> Plan<crew>(..12)`; `raw as Plan<crew>(..12)` checks it at run time"
    }));
  }

  /// Whether no call, parameter or item has a part in a value: it is made of literals, constants and steps that are.
  pub(super) fn is_constant(&self, value: &ast::Expr) -> bool {
    Reads::of_expr(value)
      .names
      .iter()
      .all(|read| match self.find(read.name) {
        None => read.name != "run",
        Some(binding) => self.constant_steps.contains(&binding.local),
      })
  }
}
