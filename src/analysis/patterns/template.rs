//! A pattern by itself: its body with types and workers that could be any. What is wrong with it whatever it is called
//! with is said here, once, even if nobody calls it.

use std::{collections::HashSet, rc::Rc, sync::Arc};

use super::{
  super::{blocks::End, checker::Checker, names::Body},
  Callable, Scope,
  signature::{Signed, Takes},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir,
  source::Span,
  syntax::ast,
  types::Type,
};

/// What is known of a pattern once it was looked at by itself.
#[derive(Debug)]
pub struct Template {
  /// In its own type parameters.
  pub signed: Signed,
  /// It has a mistake that no call could mend: nothing is made of it.
  pub broken: bool,
  /// What was said of it, by code and place.
  pub said: HashSet<(&'static str, Option<Span>)>,
}

impl Checker<'_> {
  /// Signs all patterns, since they may call each other, finds circles, then checks each by itself.
  pub fn check_patterns(&mut self) {
    self.circular = !self.check_calls();
    for at in 0..self.symbols.patterns.len() {
      let mark = self.findings.0.len();
      let scope = self.open_scope(at);
      self.check_pattern_names(at);
      self.declarations_apart(at);
      let signed = self.pattern_signature(at, &scope);
      self.unspoken(at, &signed);
      let template = self.template(signed, mark);
      self.templates.push(template);
    }
    for at in 0..self.templates.len() {
      self.check_template(at);
    }
  }

  /// The scope in which its type parameters stand for themselves.
  fn open_scope(&self, at: usize) -> Scope {
    let (module, declared) = (self.symbols.patterns[at].module, self.symbols.patterns[at].it);
    let variable = |name: &ast::Name| -> (Arc<str>, Type) {
      let name: Arc<str> = name.value.as_str().into();
      (name.clone(), Type::Variable(name))
    };
    let bounds = declared.params.iter();
    let pools = declared.params.iter();
    let pools = pools.filter(|param| self.symbols.takes_pool(module, &param.ty));
    Scope {
      pools: pools.map(|param| (param.name.value.as_str().into(), None)).collect(),
      types: declared.type_params.iter().map(variable).collect(),
      bounds: bounds.map(|param| (param.name.value.as_str().into(), None)).collect(),
      open: true,
    }
  }

  /// A type parameter that no parameter names could never be settled.
  fn unspoken(&mut self, at: usize, signed: &Signed) {
    let mut named: HashSet<Arc<str>> = HashSet::new();
    signed.takes.iter().for_each(|takes| {
      takes.variables(&mut |name| {
        named.insert(name.clone());
      });
    });
    let broken = signed.takes.iter().any(Takes::is_unknown);
    for name in &self.symbols.patterns[at].it.type_params {
      if !named.contains(name.value.as_str()) && !broken {
        let finding = Diagnostic::new(&codes::UNSETTLED, format!("no parameter says what `{}` is", name.value))
          .label(name.span, "no call could settle it")
          .help("use it in the type of a parameter, or take it away");
        self.say(finding);
      }
    }
  }

  /// What an orchestrator says of its runs has no place in what others call.
  fn declarations_apart(&mut self, at: usize) {
    for step in &self.symbols.patterns[at].it.body.steps {
      let ast::StepKind::Declaration(declaration) = &step.kind else {
        continue;
      };
      let word = match declaration {
        ast::Declaration::OnFailure(_) => "on failure",
        ast::Declaration::Budget(_) => "budget",
        ast::Declaration::Overlap { .. } => "overlap",
        ast::Declaration::Permit(_) => "permit",
      };
      let finding = Diagnostic::new(&codes::MISPLACED_STEP, format!("`{word}` can't stand in a pattern"))
        .label(step.span, "not here")
        .help("it stands in the orchestrator that calls the pattern");
      self.say(finding);
    }
  }

  fn check_template(&mut self, at: usize) {
    let template = self.templates[at].clone();
    let declared = self.symbols.patterns[at];
    let mark = self.findings.0.len();
    let scope = self.open_scope(at);
    for (param, takes) in declared.it.params.iter().zip(&template.signed.takes) {
      self.open_default(at, param, takes, &scope);
    }
    self.read_by_types.clear();
    self.signature_again(at, &scope);
    self.within(scope, |checker| {
      let mut body = Body::new(checker, declared.module);
      let params = body.open_params(&declared.it.params, &template.signed);
      let what = format!("the result of `{}`", declared.it.name.value);
      let end = End::Return {
        expected: &template.signed.output,
        what: &what,
      };
      body.block(&declared.it.body, end);
      body.unused_open_params(&declared.it.params, &template.signed, &params);
    });
    let mut found = self.template(template.signed.clone(), mark);
    if let Some(all) = Rc::get_mut(&mut found) {
      all.broken |= template.broken;
      all.said.extend(&template.said);
    }
    self.templates[at] = found;
  }

  /// What is known of a pattern after findings from `mark` on were said of it.
  fn template(&self, signed: Signed, mark: usize) -> Rc<Template> {
    let found = &self.findings.0[mark.min(self.findings.0.len())..];
    let refused = found.iter().any(|finding| finding.refuses());
    Rc::new(Template {
      signed,
      broken: refused || self.findings.is_full(),
      said: found
        .iter()
        .map(|finding| (finding.code.name, finding.span()))
        .collect(),
    })
  }

  fn open_default(&mut self, at: usize, param: &ast::Param, takes: &Takes, scope: &Scope) {
    let Some(default) = &param.default else { return };
    match takes {
      Takes::Value(ty) => drop(self.pattern_default(at, param, ty, scope)),
      Takes::Pool => _ = self.pool_given(self.symbols.patterns[at].module, default, Scope::default()),
      Takes::Worker(_) | Takes::Workers(_) => {
        let place = super::passed::Place::of_default(param);
        let module = self.symbols.patterns[at].module;
        self.within(scope.clone(), |checker| {
          let mut body = Body::new(checker, module);
          let given = body.passed(default, takes, &place);
          body.fits(given, takes, &place, &[]);
        });
      }
    }
  }
}

impl Body<'_, '_> {
  /// Binds the parameters of a pattern that is looked at by itself; gives those that are values.
  fn open_params(&mut self, written: &[ast::Param], signed: &Signed) -> Vec<hir::Param> {
    let mut params = Vec::new();
    for (param, takes) in written.iter().zip(&signed.takes) {
      match takes {
        Takes::Value(ty) => params.push(self.value_param(&param.name, ty.clone())),
        Takes::Worker(ty) => self.bind_callable(&param.name, Callable::One(Rc::new(ty.clone()), None)),
        Takes::Workers(ty) => self.bind_callable(&param.name, Callable::Many(Rc::new(ty.clone()), None)),
        Takes::Pool => {}
      }
    }
    params
  }

  /// Says parameters that neither the body nor a type reads.
  fn unused_open_params(&mut self, written: &[ast::Param], signed: &Signed, params: &[hir::Param]) {
    let named = self.checker.read_by_types.clone();
    let read = |param: &&ast::Param| named.contains(&param.name.value);
    let takes = written.iter().zip(&signed.takes);
    let (values, others): (Vec<_>, Vec<_>) = takes.partition(|(_, takes)| matches!(takes, Takes::Value(_)));
    let values = values.iter().map(|(param, _)| *param).zip(params);
    for (param, bound) in values.filter(|(param, _)| !read(param)) {
      self.unused_params(std::iter::once(param), std::slice::from_ref(bound));
    }
    let pools = others
      .iter()
      .filter(|(_, takes)| **takes == Takes::Pool)
      .map(|(param, _)| *param);
    for param in pools.filter(|param| !read(param) && !param.name.value.starts_with('_')) {
      let message = format!("nothing uses the parameter `{}`", param.name.value);
      let finding = Diagnostic::new(&codes::UNUSED, message).label(param.name.span, "not used");
      self.say(finding.help("take it away, or begin its name with `_`"));
    }
    self.unused_callables();
  }

  /// Binds a parameter that is a value.
  pub fn value_param(&mut self, name: &ast::Name, ty: Type) -> hir::Param {
    hir::Param {
      name: name.value.as_str().into(),
      local: self.bind(name, ty.clone(), false),
      ty,
      optional: false,
      default: None,
      span: name.span,
    }
  }
}
