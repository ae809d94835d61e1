//! Loops: `each`, `repeat`, and the type of the `previous` that their bodies see.

use std::sync::Arc;

use super::{
  blocks::End,
  expressions::broken,
  names::Body,
  nodes::Made,
  policies::{Spot, WorkerPolicies, written},
  reads::Reads,
};
use crate::{
  diagnostics::{Diagnostic, Fix, codes},
  hir::{self, DEFAULT_WINDOW, Each, LocalId, NodeKind, Otherwise, Repeat, Take},
  source::Span,
  syntax::ast,
  types::{self, IntRange, ListType, Type},
};

/// `repeat`s and folds with an untyped seed inside one another: each is typed twice.
const DEEPEST_LOOPS: u32 = 4;

impl Body<'_, '_> {
  pub fn each(&mut self, node: &ast::Node, each: &ast::Each) -> Made {
    let items = self.infer(&each.items);
    let item = self.item_type(&items, "`each` goes over");
    let mut policies = WorkerPolicies::default();
    let all: Vec<ast::Policy> = each.with.iter().chain(&node.with).cloned().collect();
    self.apply_policies(written(&all), Spot::Each, &mut policies);
    if each.seed.is_none() && policies.concurrent.is_none() {
      self.default_window(each, &items);
    }
    let names = Items {
      item,
      index: index_type(&items),
    };
    let (kind, ty) = match &each.seed {
      None => self.each_apart(each, items, &names, &policies),
      Some((seed, ty)) => {
        self.fold_policies(&policies, each);
        self.fold(each, items, &names, (seed, ty.as_ref()))
      }
    };
    (NodeKind::Each(Box::new(kind)), ty, policies)
  }

  /// Rounds that know nothing of each other: the list of what they give.
  fn each_apart(
    &mut self,
    each: &ast::Each,
    items: hir::Expr,
    names: &Items,
    policies: &WorkerPolicies,
  ) -> (Each, Type) {
    let ((item, index), body) = self.scoped(|inner| (inner.bind_items(each, names), inner.node(&each.body)));
    let take = self.take(policies);
    let (min, max) = items.ty.as_list().map_or((None, None), |list| (list.min, list.max));
    let stop = policies.stop.as_ref();
    let stop = stop.map(|stop| self.stop_when(stop, &body.ty, max, &take));
    let collects = matches!(take, Take::Collect);
    let value = match &body.ty {
      ty if collects && !ty.is_unknown() => types::outcome(ty),
      ty => ty.clone(),
    };
    let all = collects || stop.is_none() && matches!(take, Take::Nothing);
    let min = min.filter(|_| all);
    let made = Each {
      item,
      index,
      items,
      fold: None,
      concurrent: policies.concurrent.clone(),
      take,
      stop,
      body,
    };
    (made, Type::List(Arc::new(ListType { item: value, min, max })))
  }

  /// `each ... from`: each round sees the answer of the one before.
  fn fold(&mut self, each: &ast::Each, items: hir::Expr, names: &Items, (seed, ty): Seed<'_>) -> (Each, Type) {
    let looped = Looped {
      seed: Some(seed),
      ty,
      mentions: Reads::of_node(&each.body).mentions("previous"),
      span: seed.span,
    };
    let made = self.looped(&looped, |inner, wanted| {
      let names = inner.bind_items(each, names);
      let body = inner.node(&each.body);
      if let Some((wanted, what)) = wanted {
        inner.checker.mismatch(each.body.span, &body.ty, wanted, what);
      }
      let ty = body.ty.clone();
      ((body, names), ty)
    });
    let (body, (item, index)) = made.inside;
    let seed = made.seed.unwrap_or_else(|| broken(seed.span));
    let each = Each {
      item,
      index,
      items,
      fold: Some((seed, made.previous)),
      concurrent: None,
      take: Take::Nothing,
      stop: None,
      body,
    };
    (each, made.ty)
  }

  fn bind_items(&mut self, each: &ast::Each, names: &Items) -> (LocalId, Option<LocalId>) {
    let item = self.bind(&each.item, names.item.clone(), false);
    let index = each.index.as_ref();
    (item, index.map(|index| self.bind(index, names.index.clone(), false)))
  }

  /// Says the width that an `each` takes where none is written, unless there are never as many items.
  fn default_window(&mut self, each: &ast::Each, items: &hir::Expr) {
    let most = items.ty.as_list().and_then(|list| list.max);
    if items.ty.is_unknown() || most.is_some_and(|most| most <= DEFAULT_WINDOW) {
      return;
    }
    let (after, text) = match each.with.last() {
      Some(policy) => (policy.span, format!(", concurrent {DEFAULT_WINDOW}")),
      None => (each.items.span, format!(" with concurrent {DEFAULT_WINDOW}")),
    };
    let message = format!("`each` runs {DEFAULT_WINDOW} items at once where nothing is said");
    let finding = Diagnostic::new(&codes::DEFAULT_TAKEN, message)
      .label(each.items.span, "how many at once?")
      .help(format!("say it: `with concurrent {DEFAULT_WINDOW}`"))
      .fix(Fix::insert(after, after.range().end, text));
    self.say(finding);
  }

  fn fold_policies(&mut self, policies: &WorkerPolicies, each: &ast::Each) {
    for (given, word) in [
      (policies.collect.is_some(), "collect"),
      (policies.tolerate.is_some(), "tolerate"),
      (policies.stop.is_some(), "stop when"),
      (policies.concurrent.is_some(), "concurrent"),
    ] {
      if given {
        let finding = Diagnostic::new(
          &codes::MISPLACED_POLICY,
          format!("`{word}` can't stand on `each ... from`"),
        )
        .label(each.items.span, "one after another: each sees the one before");
        self.say(finding);
      }
    }
  }

  pub fn repeat(&mut self, repeat: &ast::Repeat) -> (NodeKind, Type) {
    let bound = self.repeat_bound(repeat);
    let previous = |reads: Reads<'_>| reads.mentions("previous");
    let mentions = previous(Reads::of_block(&repeat.body))
      || repeat
        .until
        .as_ref()
        .is_some_and(|until| previous(Reads::of_expr(until)));
    let seed = repeat.seed.as_ref();
    let (seed, ty) = seed.map_or((None, None), |(seed, ty)| (Some(seed), ty.as_ref()));
    let looped = Looped {
      seed,
      ty,
      mentions,
      span: repeat.keyword,
    };
    let made = self.looped(&looped, |inner, wanted| {
      let ((body, ty), until) = inner.block_and(&repeat.body, End::Yield { expected: wanted }, |inside, _| {
        repeat
          .until
          .as_ref()
          .map(|until| inside.condition(until, "the condition after `until`").0)
      });
      ((body, until), ty)
    });
    self.constant_until(repeat);
    let (body, until) = made.inside;
    let (otherwise, ty) = match &repeat.otherwise {
      None => (Otherwise::Exhausted, made.ty),
      Some(ast::RepeatElse::Last) => (Otherwise::Last, made.ty),
      Some(ast::RepeatElse::Node(node)) => {
        let arm = self.scoped(|inner| {
          inner.bind_as("previous", made.previous, made.ty.clone(), node.span);
          inner.arm(node, "else", &[])
        });
        let ty = self.joined(&[(made.ty, repeat.body.span), (arm.node.ty.clone(), node.span)], None);
        (Otherwise::Node(Box::new(arm)), ty)
      }
    };
    let made = Repeat {
      bound,
      seed: made.seed,
      previous: made.previous,
      body,
      until,
      otherwise,
    };
    (NodeKind::Repeat(Box::new(made)), ty)
  }

  fn repeat_bound(&mut self, repeat: &ast::Repeat) -> hir::Expr {
    match &repeat.bound {
      Some(bound) => {
        let bound = self.check(bound, &Type::int(), "`up to`");
        self.bounded(&bound, 1, "`up to`");
        bound
      }
      None => {
        let finding = Diagnostic::new(&codes::UNBOUNDED, "the `repeat` has no bound")
          .label(repeat.keyword, "how often at most?")
          .help("write `repeat up to 3 { ... }`");
        self.say(finding);
        broken(repeat.keyword)
      }
    }
  }
}

/// The types of the names that `each` binds.
struct Items {
  item: Type,
  index: Type,
}

/// The places of a list, as far as its length is known.
fn index_type(items: &hir::Expr) -> Type {
  let most = items.ty.as_list().and_then(|list| list.max);
  Type::Int(IntRange {
    min: Some(0),
    max: most.map(|most| i64::try_from(most).unwrap_or(i64::MAX)),
  })
}

/// `from seed: Type`
type Seed<'s> = (&'s ast::Expr, Option<&'s ast::TypeExpr>);

/// What `repeat` and `each ... from` have in common.
struct Looped<'s> {
  seed: Option<&'s ast::Expr>,
  ty: Option<&'s ast::TypeExpr>,
  /// Whether the body reads `previous`.
  mentions: bool,
  span: Span,
}

struct LoopMade<T> {
  seed: Option<hir::Expr>,
  previous: LocalId,
  inside: T,
  ty: Type,
}

impl Body<'_, '_> {
  /// Types a body that sees its own last answer as `previous`: with a written type once; else first with the seed's
  /// type (null without one), then with what that gave.
  fn looped<T>(
    &mut self,
    looped: &Looped<'_>,
    mut inside: impl FnMut(&mut Self, Option<(&Type, &str)>) -> (T, Type),
  ) -> LoopMade<T> {
    let written = looped.ty.map(|ty| self.checker.type_of(self.module, ty));
    let seed = looped.seed.map(|seed| match &written {
      Some(ty) => self.check(seed, ty, "the seed"),
      None => self.infer(seed),
    });
    if let Some(ty) = written {
      let (previous, inside) = self.once(ty.clone(), looped.span, |body| {
        inside(body, Some((&ty, "the value of the body"))).0
      });
      return LoopMade {
        seed,
        previous,
        inside,
        ty,
      };
    }
    let first = seed.as_ref().map_or(Type::Null, |seed| types::widen(&seed.ty));
    let answer = if looped.mentions || seed.is_some() {
      self.tried(&first, looped.span, &mut inside)
    } else {
      Type::Unknown
    };
    let second = match &seed {
      None => types::widen(&answer).optional(),
      Some(_) => types::join(&first, &types::widen(&answer)).unwrap_or(first.clone()),
    };
    let (previous, (inside, ty)) = self.once(second.clone(), looped.span, |body| inside(body, None));
    if looped.mentions {
      self.settled(looped, &ty, &second);
    }
    let ty = if seed.is_some() {
      types::join(&second, &ty).unwrap_or(second)
    } else {
      ty
    };
    LoopMade {
      seed,
      previous,
      inside,
      ty,
    }
  }

  /// Says it where the body gives what its own `previous` can't be.
  fn settled(&mut self, looped: &Looped<'_>, gives: &Type, previous: &Type) {
    let wide = types::widen(gives);
    if types::fits(&wide, previous) || gives.is_unknown() || previous.is_unknown() {
      return;
    }
    let finding = Diagnostic::new(
      &codes::NO_JOIN,
      format!("the body gives `{wide}`, and its `previous` is `{previous}`"),
    )
    .label(looped.span, "each round sees the answer of the one before")
    .help(format!(
      "say the type: `from {}: {wide}`",
      if looped.seed.is_some() { "SEED" } else { "null" }
    ));
    self.say(finding);
  }

  /// What the body gives if `previous` is of a type; findings are dropped.
  fn tried<T>(
    &mut self,
    previous: &Type,
    span: Span,
    inside: &mut impl FnMut(&mut Self, Option<(&Type, &str)>) -> (T, Type),
  ) -> Type {
    if self.loops >= DEEPEST_LOOPS {
      let finding = Diagnostic::new(
        &codes::NO_JOIN,
        format!("more than {DEEPEST_LOOPS} loops inside one another read `previous`"),
      )
      .label(span, "its type is not known here")
      .help("say the type of the inner ones: `from SEED: Type`");
      self.say(finding);
      return Type::Unknown;
    }
    let mark = self.checker.findings.0.len();
    let reads = std::mem::take(&mut self.reads);
    self.loops += 1;
    let (_, (_, ty)) = self.once(previous.clone(), span, |body| inside(body, None));
    self.loops -= 1;
    self.reads = reads;
    self.checker.findings.0.truncate(mark);
    ty
  }

  fn once<T>(&mut self, previous: Type, span: Span, inside: impl FnOnce(&mut Self) -> T) -> (LocalId, T) {
    self.scoped(|body| {
      let local = body.bind_word("previous", previous, span);
      (local, inside(body))
    })
  }
}
