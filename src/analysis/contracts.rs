//! Contracts: their two sides, and the references to them.

use std::sync::Arc;

use super::{
  checker::{Checker, ContractSides},
  symbols::{Space, Target},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  source::Spanned,
  syntax::ast::{ContractRef, Name},
  types::Type,
};

impl Checker<'_> {
  pub fn check_contracts(&mut self) {
    for at in 0..self.symbols.contracts.len() {
      let declared = self.symbols.contracts[at];
      let name = &declared.it.name;
      let version = declared
        .it
        .version
        .as_ref()
        .map_or_else(String::new, |version| format!("@{}", version.value));
      let shown: Arc<str> = format!("{}{version}", name.value).into();
      let input = declared
        .it
        .input
        .as_ref()
        .map_or(Type::Unknown, |ty| self.type_of(declared.module, ty));
      let output = declared
        .it
        .output
        .as_ref()
        .map_or(Type::Unknown, |ty| self.type_of(declared.module, ty));
      if !input.is_unknown() && input.as_record().is_none() {
        let span = declared.it.input.as_ref().map_or(name.span, |ty| ty.span);
        let finding = Diagnostic::new(
          &codes::MISMATCH,
          format!("the input of `{shown}` is not a record: found `{input}`"),
        )
        .label(span, "a message in has named fields")
        .help("write `input { field: Type }`");
        self.say(finding);
      }
      self.contracts.push(ContractSides { shown, input, output });
    }
  }

  /// The contract that is meant; says it where there is none, or more than one.
  pub fn contract(&mut self, module: usize, reference: &ContractRef) -> Option<ContractSides> {
    let targets = self.resolve(module, Space::Type, &reference.name, "contract");
    let contracts: Vec<usize> = targets
      .iter()
      .filter_map(|target| match target {
        Target::Contract(at) => Some(*at),
        _ => None,
      })
      .collect();
    if let [Target::Type(_)] = targets[..] {
      let finding = Diagnostic::new(
        &codes::WRONG_KIND,
        format!("`{}` is a type, not a contract", reference.name.value),
      )
      .label(reference.span, "a contract is wanted here");
      self.say(finding);
      return None;
    }
    let version = |at: &usize| {
      self.symbols.contracts[*at]
        .it
        .version
        .as_ref()
        .map(|version| version.value)
    };
    let chosen: Vec<usize> = match &reference.version {
      None => contracts.clone(),
      Some(wanted) => contracts
        .iter()
        .copied()
        .filter(|at| version(at) == Some(wanted.value))
        .collect(),
    };
    match chosen[..] {
      [at] => self.contracts.get(at).cloned(),
      _ if targets.contains(&Target::Broken) => None,
      _ => {
        self.wrong_version(reference, &contracts);
        None
      }
    }
  }

  fn wrong_version(&mut self, reference: &ContractRef, contracts: &[usize]) {
    let known: Vec<&str> = contracts.iter().map(|at| &*self.contracts[*at].shown).collect();
    let message = match &reference.version {
      Some(version) => format!("there is no version {} of `{}`", version.value, reference.name.value),
      None => format!("`{}` has {} versions in scope", reference.name.value, contracts.len()),
    };
    let help = format!("write {}", super::symbols::listed(known.into_iter()));
    self.say(
      Diagnostic::new(&codes::UNKNOWN_NAME, message)
        .label(reference.span, "which one?")
        .help(help),
    );
  }

  /// `C.input`, `C@2.output`
  pub fn contract_side(&mut self, module: usize, reference: &ContractRef, side: &Name) -> Type {
    let Some(contract) = self.contract(module, reference) else {
      return Type::Unknown;
    };
    let Spanned { value, span } = side;
    match value.as_str() {
      "input" => Type::named(&format!("{}.input", contract.shown), contract.input),
      "output" => Type::named(&format!("{}.output", contract.shown), contract.output),
      _ => {
        let finding = Diagnostic::new(&codes::UNKNOWN_FIELD, format!("a contract has no side `{value}`"))
          .label(*span, "not a side")
          .help("its sides are `input` and `output`");
        self.say(finding);
        Type::Unknown
      }
    }
  }
}
