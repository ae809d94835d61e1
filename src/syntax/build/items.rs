//! Items: what stands at the top of a module.

use super::{Builder, Pair, children};
use crate::{
  diagnostics::{Diagnostic, codes},
  source::Spanned,
  syntax::{
    ast::{
      Allow, Contract, ContractRef, Import, ImportedName, Item, ItemKind, Let, Module, Orchestrator, Param, Signature,
      Worker,
    },
    broken_item, imports,
    parser::Rule,
  },
};

impl Builder<'_> {
  pub(in crate::syntax) fn module(&mut self, pair: Pair) -> Module {
    let mut items = Vec::new();
    let mut allows = Vec::new();
    for pair in pair.into_inner().filter(|pair| pair.as_rule() != Rule::EOI) {
      match pair.as_rule() {
        Rule::allow => allows.push(self.allow(pair)),
        _ => items.push(self.item(pair, std::mem::take(&mut allows))),
      }
    }
    self.stray_allows(&allows);
    Module {
      doc: self.module_doc(),
      items,
      includes: std::mem::take(&mut self.includes),
    }
  }

  fn allow(&mut self, pair: Pair) -> Allow {
    let span = self.span(&pair);
    let mut parts = children(pair);
    let code = self.name(&parts.next().expect("grammar: a code"));
    let reason = self.plain_string(&parts.next().expect("grammar: a reason"));
    Allow { code, reason, span }
  }

  /// `allow` lines that no declaration follows.
  fn stray_allows(&mut self, allows: &[Allow]) {
    if let Some(allow) = allows.first() {
      let said = Diagnostic::new(&codes::SYNTAX, "`allow` stands before the declaration that it is for");
      self.report(said.label(allow.span, "no declaration follows"));
    }
  }

  fn item(&mut self, pair: Pair, allows: Vec<Allow>) -> Item {
    let span = self.span(&pair);
    let start = allows.first().map_or(span, |allow| allow.span).range().start;
    let doc = self.doc_before(start);
    let kind = match pair.as_rule() {
      Rule::import => ItemKind::Import(self.import(pair)),
      Rule::type_item => self.type_item(pair),
      Rule::let_item => ItemKind::Let(self.let_item(pair)),
      Rule::contract => ItemKind::Contract(self.contract(pair)),
      Rule::worker => ItemKind::Worker(self.worker(pair)),
      Rule::orchestrator => ItemKind::Orchestrator(self.orchestrator(pair)),
      Rule::pattern_item => ItemKind::PatternTemplate(self.pattern_template(pair)),
      Rule::pool => self.pool(pair),
      Rule::secret => self.secret(pair),
      Rule::profile => self.profile(pair),
      Rule::trigger => ItemKind::Trigger(Box::new(self.trigger(pair))),
      Rule::test => ItemKind::Test(self.test(pair)),
      Rule::defaults => self.defaults(pair),
      Rule::limit => self.limit(pair),
      _ => self.bad_item(&pair),
    };
    Item {
      doc,
      allows,
      kind,
      span,
    }
  }

  fn bad_item(&mut self, pair: &Pair) -> ItemKind {
    self.explain(pair, Rule::item_only);
    let name = self.second_word(pair);
    match name.filter(|_| !imports::is_import(pair.as_str())) {
      Some(name) => ItemKind::Broken {
        names: vec![name],
        any: false,
      },
      None => broken_item(pair.as_str(), self.span(pair)),
    }
  }

  fn import(&mut self, pair: Pair) -> Import {
    let mut names = Vec::new();
    let mut path = Spanned::new(String::new(), self.span(&pair));
    for child in children(pair) {
      match child.as_rule() {
        Rule::imported_name => names.push(self.imported_name(child)),
        _ => path = self.plain_string(&child),
      }
    }
    Import { names, path }
  }

  fn imported_name(&mut self, pair: Pair) -> ImportedName {
    let mut names = children(pair);
    let name = self.name(&names.next().expect("grammar: a name"));
    ImportedName {
      name,
      alias: names.next().map(|alias| self.name(&alias)),
    }
  }

  fn type_item(&mut self, pair: Pair) -> ItemKind {
    let mut parts = children(pair);
    let name = self.name(&parts.next().expect("grammar: a name"));
    let ty = self.type_expr(parts.next().expect("grammar: a type"));
    ItemKind::Type { name, ty }
  }

  fn let_item(&mut self, pair: Pair) -> Let {
    let mut parts = children(pair).peekable();
    let name = self.name(&parts.next().expect("grammar: a name"));
    let params = parts.next_if(|part| part.as_rule() == Rule::params);
    let params = params.map(|params| self.params(params));
    let ty = parts.next_if(|part| part.as_rule() == Rule::type_expr);
    let ty = ty.map(|ty| self.type_expr(ty));
    let value = self.expression(parts.next().expect("grammar: a value"));
    Let {
      name,
      params,
      ty,
      value,
    }
  }

  fn contract(&mut self, pair: Pair) -> Contract {
    let mut whole = Contract {
      name: self.name(&children(pair.clone()).next().expect("grammar: a name")),
      version: None,
      input: None,
      output: None,
    };
    let mut broken = false;
    let mut previous = None;
    for part in children(pair).skip(1) {
      let span = self.span(&part);
      if part.as_rule() == Rule::version {
        whole.version = self.version(part);
        continue;
      }
      self.separated(previous.replace(span), span);
      broken |= !self.contract_part(&mut whole, part);
    }
    if !broken {
      self.check_contract_whole(&whole);
    }
    whole
  }

  /// Takes in one part; `false` if it did not parse.
  fn contract_part(&mut self, whole: &mut Contract, part: Pair) -> bool {
    let (slot, word) = match part.as_rule() {
      Rule::input_part => (&mut whole.input, "input"),
      Rule::output_part => (&mut whole.output, "output"),
      _ => {
        self.explain(&part, Rule::part_only);
        return false;
      }
    };
    let keyword = self.keyword(&part);
    let inner = children(part).next().expect("grammar: a type");
    let ty = self.type_expr(inner);
    if slot.replace(ty).is_some() {
      let said = Diagnostic::new(&codes::SYNTAX, format!("a contract has one `{word}`"));
      self.report(said.label(keyword, "a second one"));
    }
    true
  }

  fn check_contract_whole(&mut self, contract: &Contract) {
    let missing = match (&contract.input, &contract.output) {
      (Some(_), Some(_)) => return,
      (None, _) => "input",
      (_, None) => "output",
    };
    let message = format!("the contract `{}` has no `{missing}`", contract.name.value);
    self.report(
      Diagnostic::new(&codes::SYNTAX, message)
        .label(contract.name.span, "this contract")
        .help("a contract is `contract Name@1 { input { ... } output { ... } }`"),
    );
  }

  pub(super) fn version(&mut self, pair: Pair) -> Option<Spanned<u32>> {
    let number = children(pair).next().expect("grammar: a number");
    let value = self.plain_integer(&number)?;
    match u32::try_from(value) {
      Ok(version) => Some(Spanned::new(version, self.span(&number))),
      Err(_) => {
        self.say_bad_number(self.span(&number), "a version is a small whole number");
        None
      }
    }
  }

  pub(super) fn contract_ref(&mut self, pair: Pair) -> ContractRef {
    let span = self.span(&pair);
    let mut parts = children(pair);
    let name = self.name(&parts.next().expect("grammar: a name"));
    let version = parts.next().and_then(|version| self.version(version));
    ContractRef { name, version, span }
  }

  pub(super) fn params(&mut self, pair: Pair) -> Vec<Param> {
    children(pair).map(|param| self.param(param)).collect()
  }

  fn param(&mut self, pair: Pair) -> Param {
    let mut parts = children(pair);
    let name = self.name(&parts.next().expect("grammar: a name"));
    let ty = self.type_expr(parts.next().expect("grammar: a type"));
    let default = parts.next().map(|default| self.expression(default));
    Param { name, ty, default }
  }

  fn worker(&mut self, pair: Pair) -> Worker {
    let mut parts = children(pair).peekable();
    let name = self.name(&parts.next().expect("grammar: a name"));
    let signature = self.signature(&mut parts);
    let settings = self.settings(parts);
    Worker {
      name,
      signature,
      settings,
    }
  }

  fn orchestrator(&mut self, pair: Pair) -> Orchestrator {
    let mut parts = children(pair).peekable();
    let name = self.name(&parts.next().expect("grammar: a name"));
    let signature = self.signature(&mut parts);
    let body = self.block(parts.next().expect("grammar: a body"));
    Orchestrator { name, signature, body }
  }

  fn signature<'t>(&mut self, parts: &mut std::iter::Peekable<impl Iterator<Item = Pair<'t>>>) -> Signature {
    let first = parts.next().expect("grammar: a signature");
    if first.as_rule() == Rule::contract_ref {
      return Signature::Contract(self.contract_ref(first));
    }
    let params = self.params(first);
    let output = parts.next_if(|part| part.as_rule() == Rule::type_expr);
    Signature::Own {
      params,
      output: output.map(|output| self.type_expr(output)),
    }
  }

  fn defaults(&mut self, pair: Pair) -> ItemKind {
    let keyword = self.keyword(&pair);
    let mut parts = children(pair).peekable();
    let name = parts.next_if(|part| part.as_rule() == Rule::identifier);
    ItemKind::Defaults {
      keyword,
      name: name.map(|name| self.name(&name)),
      policies: self.policy_entries(parts),
    }
  }

  fn limit(&mut self, pair: Pair) -> ItemKind {
    let mut parts = children(pair);
    let name = self.name(&parts.next().expect("grammar: a name"));
    let policies = self.policy_entries(parts);
    ItemKind::Limit { name, policies }
  }
}
