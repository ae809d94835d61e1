//! Who calls whom, by name: orchestrators and patterns over all modules, with an edge for every way in which one can
//! come to run another. It has no circle, and its chains are short. Knows nothing of types.

use std::collections::{HashMap, HashSet};

use super::{
  checker::Checker,
  cycles::{self, Need},
  reads::{CallRead, Reads, WorkerNames},
  symbols::{Declared, Space, Symbols, Target},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  syntax::ast::{Block, Expr, ExprKind, ListPart, Name, Param, PatternTemplate, TypeExpr, TypeExprKind},
};

/// Orchestrators inside one another before it is said to be too deep.
const DEEPEST: usize = 3;

impl Symbols<'_> {
  /// Whether a parameter of this type takes workers, or a pool of them.
  pub fn takes_workers(&self, module: usize, ty: &TypeExpr) -> bool {
    match &ty.kind {
      TypeExprKind::Worker { .. } => true,
      TypeExprKind::List { item, .. } => matches!(item.kind, TypeExprKind::Worker { .. }),
      _ => self.takes_pool(module, ty),
    }
  }

  /// Whether a parameter of this type takes a pool; a type of that name that is declared wins.
  pub fn takes_pool(&self, module: usize, ty: &TypeExpr) -> bool {
    match &ty.kind {
      TypeExprKind::Name {
        name,
        arguments,
        refine: None,
      } if name.value == "pool" => arguments.is_empty() && self.find(module, Space::Type, "pool").is_none(),
      _ => false,
    }
  }
}

/// What has steps: orchestrators first, then patterns.
struct Caller<'a> {
  module: usize,
  name: &'a Name,
  params: &'a [Param],
  body: &'a Block,
}

fn callers<'a>(symbols: &Symbols<'a>) -> Vec<Caller<'a>> {
  let orchestrators = symbols.orchestrators.iter().map(|declared| Caller {
    module: declared.module,
    name: &declared.it.name,
    params: &[],
    body: &declared.it.body,
  });
  let patterns = symbols.patterns.iter().map(|declared| Caller {
    module: declared.module,
    name: &declared.it.name,
    params: &declared.it.params,
    body: &declared.it.body,
  });
  orchestrators.chain(patterns).collect()
}

/// The names that stand for workers in the arguments of patterns and in the defaults of their parameters.
pub fn worker_names(symbols: &Symbols<'_>) -> WorkerNames {
  let mut names = HashSet::new();
  for caller in callers(symbols) {
    for call in &calls_of(caller.body) {
      let passed = passed(symbols, caller.module, call);
      names.extend(passed.iter().map(|name| name.span));
    }
  }
  WorkerNames::new(names)
}

fn calls_of(body: &Block) -> Vec<CallRead<'_>> {
  let mut reads = Reads::default();
  reads.block(body);
  reads.calls
}

/// The names of workers that a call of a pattern passes on as they are.
fn passed<'e>(symbols: &Symbols<'_>, module: usize, call: &CallRead<'e>) -> Vec<&'e Expr> {
  let Some(pattern) = pattern_named(symbols, module, &call.callee.value) else {
    return Vec::new();
  };
  let params = &pattern.it.params;
  let mut names = Vec::new();
  for (at, argument) in call.arguments.iter().enumerate() {
    let param = match &argument.label {
      Some(label) => params.iter().find(|param| param.name.value == label.value),
      None => params.get(at),
    };
    if param.is_some_and(|param| symbols.takes_workers(pattern.module, &param.ty)) {
      worker_references(&argument.value, &mut names);
    }
  }
  names
}

fn pattern_named<'a>(symbols: &Symbols<'a>, module: usize, name: &str) -> Option<Declared<'a, PatternTemplate>> {
  match symbols.find(module, Space::Callable, name)?.targets[..] {
    [Target::Pattern(at)] => Some(symbols.patterns[at]),
    _ => None,
  }
}

/// Names in the place of a worker: the expression itself, or the members of a list.
fn worker_references<'e>(expr: &'e Expr, names: &mut Vec<&'e Expr>) {
  match &expr.kind {
    ExprKind::Name(_) => names.push(expr),
    ExprKind::List(parts) => parts.iter().for_each(|part| match part {
      ListPart::Item(item) | ListPart::Spread(item) => worker_references(item, names),
    }),
    _ => {}
  }
}

impl Checker<'_> {
  /// Says circles of calls; whether there is none.
  pub fn check_calls(&mut self) -> bool {
    let needs = self.calls();
    let callers = callers(&self.symbols);
    let (order, cycles) = cycles::order(callers.len(), &needs);
    let orchestrators = self.symbols.orchestrators.len();
    for path in &cycles {
      let what = if path.iter().all(|need| need.from < orchestrators) {
        "orchestrators may not call each other in a circle"
      } else {
        "patterns and orchestrators may not call each other in a circle"
      };
      let name = |at: usize| callers[at].name.value.clone();
      let finding = cycles::cycle(&codes::CALL_CYCLE, what, path, name)
        .help("there is no recursion: a loop over data is `each`, a bounded loop `repeat`");
      self.findings.push(finding);
    }
    if cycles.is_empty() {
      self.too_deep(&order, &needs);
    }
    cycles.is_empty()
  }

  /// An edge per place where one comes to run another.
  fn calls(&self) -> Vec<Need> {
    let symbols = &self.symbols;
    let mut needs = Vec::new();
    for (from, caller) in callers(symbols).iter().enumerate() {
      let mut need = |name: &str, span, how| {
        if let Some(to) = caller_named(symbols, caller.module, name) {
          needs.push(Need { from, to, span, how });
        }
      };
      let calls = calls_of(caller.body);
      for call in &calls {
        need(&call.callee.value, call.callee.span, call.how);
      }
      let mut names: Vec<&Expr> = Vec::new();
      for call in &calls {
        names.extend(passed(symbols, caller.module, call));
      }
      let params = caller.params.iter();
      for param in params.filter(|param| symbols.takes_workers(caller.module, &param.ty)) {
        param
          .default
          .iter()
          .for_each(|default| worker_references(default, &mut names));
      }
      for expr in names {
        if let ExprKind::Name(name) = &expr.kind {
          need(name, expr.span, "passes on");
        }
      }
    }
    needs
  }

  /// Patterns are no level of their own: what is counted are orchestrators inside one another.
  fn too_deep(&mut self, order: &[usize], calls: &[Need]) {
    let orchestrators = self.symbols.orchestrators.len();
    let mut depth: HashMap<usize, usize> = HashMap::new();
    let mut below: HashMap<usize, Vec<&Need>> = HashMap::new();
    for call in calls {
      below.entry(call.from).or_default().push(call);
    }
    for &at in order {
      let own = usize::from(at < orchestrators);
      let below = below.get(&at).into_iter().flatten();
      let deepest = below
        .filter_map(|call| depth.get(&call.to).map(|depth| (depth + own, call.span)))
        .max();
      depth.insert(at, deepest.map_or(own, |(depth, _)| depth));
      if let Some((levels, span)) = deepest
        && levels == DEEPEST + 1
        && own == 1
      {
        let name = &self.symbols.orchestrators[at].it.name;
        let finding = Diagnostic::new(
          &codes::TOO_DEEP,
          format!("`{}` nests orchestrators {levels} levels deep", name.value),
        )
        .label(span, "the deepest goes through this call")
        .help(format!("{DEEPEST} levels are what people follow: flatten one"));
        self.say(finding);
      }
    }
  }
}

fn caller_named(symbols: &Symbols<'_>, module: usize, name: &str) -> Option<usize> {
  match symbols.find(module, Space::Callable, name)?.targets[..] {
    [Target::Orchestrator(to)] => Some(to.0 as usize),
    [Target::Pattern(to)] => Some(symbols.orchestrators.len() + to),
    _ => None,
  }
}
