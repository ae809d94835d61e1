//! Pools: who is in each, what its members take and give, and how each is called with one message.

use std::{collections::HashMap, sync::Arc};

use indexmap::IndexMap;

use super::{
  checker::Checker,
  cycles::Need,
  expressions::broken,
  names::Body,
  patterns::Scope,
  symbols::{Space, Target, duplicate},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{Expr, ExprKind, OrchestratorId, PoolId, WorkerId},
  source::{Span, Spanned},
  syntax::ast::{self, Argument, ListPart, Name, Signature},
  types::{self, Field, ListType, PlanMember, RecordType, Type},
};

/// One entry of a pool's list.
#[derive(Clone)]
pub struct Entry<'a> {
  pub name: Name,
  /// `coder(_, lang: "rust")`
  pub arguments: Option<&'a [Argument]>,
  pub target: Callable,
  pub span: Span,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Callable {
  Worker(WorkerId),
  Orchestrator(OrchestratorId),
}

/// A pool as its types are known.
#[derive(Clone, Default)]
pub struct Seen<'a> {
  pub entries: Vec<Entry<'a>>,
  /// `None`: said already.
  pub members: Option<Arc<[PlanMember]>>,
}

impl<'a> Checker<'a> {
  /// The types that a pool is made of: those of its members' messages.
  pub(super) fn pool_needs(&self, from: usize, pool: usize, needs: &mut Vec<Need>) {
    let declared = self.symbols.pools[pool];
    for part in list_parts(declared.it) {
      let Some((name, _)) = named(part) else { continue };
      let entry = self.symbols.find(declared.module, Space::Callable, &name.value);
      let Some(target) = entry.and_then(|entry| callable(&entry.targets)) else {
        continue;
      };
      let (module, signature) = self.signature(target);
      self.signature_needs(from, module, signature, needs);
    }
  }

  fn signature(&self, target: Callable) -> (usize, &'a Signature) {
    match target {
      Callable::Worker(id) => {
        let declared = self.symbols.workers[id.0 as usize];
        (declared.module, &declared.it.signature)
      }
      Callable::Orchestrator(id) => {
        let declared = self.symbols.orchestrators[id.0 as usize];
        (declared.module, &declared.it.signature)
      }
    }
  }

  /// Types one pool, once the types that it is made of are there.
  pub(super) fn check_pool(&mut self, pool: usize) {
    let declared = self.symbols.pools[pool];
    let ast::ExprKind::List(parts) = &declared.it.kind else {
      if !matches!(declared.it.kind, ast::ExprKind::Broken) {
        let finding = Diagnostic::new(&codes::WRONG_KIND, "a pool is a list of workers");
        self.say(
          finding
            .label(declared.it.span, "not a list")
            .help("write `pool crew = [researcher, coder]`"),
        );
      }
      return;
    };
    let entries: Vec<Option<Entry<'a>>> = parts
      .iter()
      .map(|part| self.pool_entry(declared.module, part))
      .collect();
    let whole = entries.iter().all(Option::is_some);
    let mut entries: Vec<Entry<'a>> = entries.into_iter().flatten().collect();
    self.named_once(&mut entries);
    let members: Option<Vec<PlanMember>> = entries.iter().map(|entry| self.plan_member(entry)).collect();
    self.pools[pool] = Seen {
      entries,
      members: members.filter(|_| whole).map(Arc::from),
    };
  }

  fn pool_entry(&mut self, module: usize, part: &'a ListPart) -> Option<Entry<'a>> {
    let (ListPart::Item(value) | ListPart::Spread(value)) = part;
    let Some((name, arguments)) = named(part) else {
      if !matches!(value.kind, ast::ExprKind::Broken) {
        self.say(no_member(value.span, "this is no worker"));
      }
      return None;
    };
    let targets = self.resolve(module, Space::Callable, &name, "worker or orchestrator");
    let Some(target) = callable(&targets) else {
      if !targets.contains(&Target::Broken) {
        self.say(no_member(name.span, "not a worker"));
      }
      return None;
    };
    Some(Entry {
      name,
      arguments,
      target,
      span: value.span,
    })
  }

  fn named_once(&mut self, entries: &mut Vec<Entry<'a>>) {
    let mut first: HashMap<String, Span> = HashMap::new();
    let mut findings = Vec::new();
    entries.retain(|entry| match first.get(&entry.name.value) {
      None => {
        first.insert(entry.name.value.clone(), entry.name.span);
        true
      }
      Some(first) => {
        let help = "a plan calls a member by its name: one is enough, a plan may assign it often";
        let mut finding = duplicate(&entry.name, *first).help(help);
        finding.message = format!("`{}` is in the pool twice", entry.name.value);
        findings.push(finding);
        false
      }
    });
    findings.into_iter().for_each(|finding| self.say(finding));
  }

  /// What a member takes and gives. What is wrong with its signature is said where that stands.
  fn plan_member(&mut self, entry: &Entry<'a>) -> Option<PlanMember> {
    let (module, signature) = self.signature(entry.target);
    let mark = self.findings.0.len();
    let sides = match signature {
      Signature::Own { params, output } => {
        let fields = params.iter().map(|param| {
          let ty = Body::new(self, module).param_type(&param.ty);
          let optional = param.default.is_some();
          (Arc::from(param.name.value.as_str()), Field { ty, optional })
        });
        let fields: IndexMap<Arc<str>, Field> = fields.collect();
        let output = output.as_ref().map_or(Type::Null, |ty| self.type_of(module, ty));
        Some((fields, output))
      }
      Signature::Contract(reference) => self.contract(module, reference).and_then(|sides| {
        let input = sides.input.as_record()?;
        Some((input.fields.clone(), sides.output))
      }),
    };
    self.findings.0.truncate(mark);
    let (mut fields, output) = sides?;
    if let Some(arguments) = entry.arguments {
      keep_holes(&mut fields, arguments);
    }
    let input = Type::Record(Arc::new(RecordType { fields, open: false }));
    if input.is_unknown() || output.is_unknown() {
      return None;
    }
    if input.holds_secret() {
      let message = format!("a plan can't give `{}` the secret that it takes", entry.name.value);
      let finding = Diagnostic::new(&codes::SECRET_LEAK, message).label(entry.span, "would come from the planner");
      let help = format!(
        "give it here, with a `_` for what a plan gives: `{}(key: token, text: _)`",
        entry.name.value
      );
      self.say(finding.help(help));
      return None;
    }
    if holds_plan(&input) {
      let message = format!("`{}` takes a plan, so it can't be in a pool", entry.name.value);
      let finding = Diagnostic::new(&codes::WRONG_KIND, message).label(entry.span, "assigned by plans itself");
      self
        .say(finding.help("references inside a plan inside a plan could mean either: call it before or after the run"));
      return None;
    }
    let name = Arc::from(entry.name.value.as_str());
    Some(PlanMember { name, input, output })
  }

  /// The pool that a name stands for; says it where there is none.
  pub(super) fn pool(&mut self, module: usize, name: &Name) -> Option<PoolId> {
    if let Some(pool) = self.scope.pool(&name.value) {
      self.mark_in_pattern(module, name);
      self.read_by_types.insert(name.value.clone());
      return pool;
    }
    match self.resolve(module, Space::Pool, name, "pool")[..] {
      [Target::Pool(id)] => Some(id),
      _ => None,
    }
  }
}

impl Checker<'_> {
  /// The pool that an argument of a pattern names, in the scope of that argument.
  pub(super) fn pool_given(&mut self, module: usize, given: &ast::Expr, scope: Scope) -> Option<PoolId> {
    let ast::ExprKind::Name(name) = &given.kind else {
      let finding = Diagnostic::new(&codes::WRONG_KIND, "the name of a pool is wanted here");
      self.say(
        finding
          .label(given.span, "not a pool")
          .help("declare one, `pool crew = [researcher, coder]`, and name it"),
      );
      return None;
    };
    let name = Spanned::new(name.clone(), given.span);
    self.within(scope, |checker| checker.pool(module, &name))
  }
}

impl Body<'_, '_> {
  /// `describe(pool)`
  pub(super) fn describe(&mut self, arguments: &[Argument], span: Span) -> Expr {
    let [Argument { label: None, value }] = arguments else {
      let finding = Diagnostic::new(&codes::BAD_ARGUMENTS, "`describe` takes one pool");
      self.say(finding.label(span, "called here").help("write `describe(crew)`"));
      return broken(span);
    };
    let ast::ExprKind::Name(name) = &value.kind else {
      let finding = Diagnostic::new(&codes::WRONG_KIND, "`describe` takes the name of a pool");
      self.say(finding.label(value.span, "not a pool"));
      return broken(span);
    };
    let Some(id) = self.checker.pool(self.module, &Spanned::new(name.clone(), value.span)) else {
      return broken(span);
    };
    let Some(members) = &self.checker.pools[id.0 as usize].members else {
      return broken(span);
    };
    let count = Some(members.len() as u64);
    Expr {
      kind: ExprKind::Cards(id),
      ty: Type::List(Arc::new(ListType {
        item: types::worker_card(),
        min: count,
        max: count,
      })),
      span,
    }
  }
}

fn no_member(span: Span, label: &str) -> Diagnostic {
  Diagnostic::new(&codes::WRONG_KIND, "a pool has workers and orchestrators")
    .label(span, label)
    .help("name them, or give some of their arguments: `coder(_, lang: \"rust\")`")
}

fn list_parts(members: &ast::Expr) -> &[ListPart] {
  match &members.kind {
    ast::ExprKind::List(parts) => parts,
    _ => &[],
  }
}

/// The name of an entry, with the arguments that it is given.
fn named(part: &ListPart) -> Option<(Name, Option<&[Argument]>)> {
  let ListPart::Item(value) = part else { return None };
  match &value.kind {
    ast::ExprKind::Name(name) => Some((Spanned::new(name.clone(), value.span), None)),
    ast::ExprKind::Call { callee, arguments } => Some((callee.clone(), Some(arguments))),
    _ => None,
  }
}

fn callable(targets: &[Target]) -> Option<Callable> {
  match targets {
    [Target::Worker(id)] => Some(Callable::Worker(*id)),
    [Target::Orchestrator(id)] => Some(Callable::Orchestrator(*id)),
    _ => None,
  }
}

/// Leaves the fields that a `_` stands for; arguments that match no parameter are said elsewhere.
fn keep_holes(fields: &mut IndexMap<Arc<str>, Field>, arguments: &[Argument]) {
  let open = |at: usize, name: &str| {
    arguments.iter().enumerate().any(|(place, argument)| {
      let meant = match &argument.label {
        Some(label) => label.value == name,
        None => place == at,
      };
      meant && argument.value.is_hole()
    })
  };
  let mut at = 0;
  fields.retain(|name, _| {
    at += 1;
    open(at - 1, name)
  });
}

/// Plans in what is no plan itself: types are not recursive.
fn holds_plan(ty: &Type) -> bool {
  match ty.resolved() {
    Type::Plan(_) => true,
    Type::List(list) => holds_plan(&list.item),
    Type::Map(value) => holds_plan(value),
    Type::Record(record) => record.fields.values().any(|field| holds_plan(&field.ty)),
    Type::Union(members) => members.iter().any(holds_plan),
    _ => false,
  }
}
