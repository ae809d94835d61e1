//! Contracts: their two sides, and the references to them.

use super::{
  checker::{Checker, ContractSides},
  symbols::{Space, Target},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  source::Span,
  syntax::ast::{Contract, ContractRef, Name, TypeExpr},
  types::Type,
};

/// One of the two messages of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
  Input,
  Output,
}

impl Side {
  pub fn named(word: &str) -> Option<Self> {
    match word {
      "input" => Some(Side::Input),
      "output" => Some(Side::Output),
      _ => None,
    }
  }

  /// The type that is written for this side.
  pub fn of(self, contract: &Contract) -> Option<&TypeExpr> {
    match self {
      Side::Input => contract.input.as_ref(),
      Side::Output => contract.output.as_ref(),
    }
  }
}

impl Checker<'_> {
  /// Gives every contract its place, before either side is typed.
  pub fn announce_contracts(&mut self) {
    for declared in &self.symbols.contracts {
      let version = declared.it.version.as_ref();
      let version = version.map_or_else(String::new, |version| format!("@{}", version.value));
      self.contracts.push(ContractSides {
        shown: format!("{}{version}", declared.it.name.value).into(),
        input: Type::Unknown,
        output: Type::Unknown,
      });
    }
  }

  pub fn check_contract_side(&mut self, at: usize, side: Side) {
    let declared = self.symbols.contracts[at];
    let Some(written) = side.of(declared.it) else { return };
    let ty = self.type_of(declared.module, written);
    match side {
      Side::Input => {
        self.input_is_record(at, &ty, written.span);
        self.contracts[at].input = ty;
      }
      Side::Output => self.contracts[at].output = ty,
    }
  }

  fn input_is_record(&mut self, at: usize, input: &Type, span: Span) {
    if input.is_unknown() || input.as_record().is_some() {
      return;
    }
    let shown = self.contracts[at].shown.clone();
    let finding = Diagnostic::new(
      &codes::MISMATCH,
      format!("the input of `{shown}` is not a record: found `{input}`"),
    )
    .label(span, "a message in has named fields")
    .help("write `input { field: Type }`");
    self.say(finding);
  }

  /// Whether a reference without a version, or with this contract's one, is to it.
  pub fn is_version(&self, at: usize, reference: &ContractRef) -> bool {
    let own = self.symbols.contracts[at].it.version.as_ref();
    match &reference.version {
      None => true,
      Some(wanted) => own.map(|own| own.value) == Some(wanted.value),
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
    let chosen = contracts.iter().copied().filter(|at| self.is_version(*at, reference));
    let chosen: Vec<usize> = chosen.collect();
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
    let named = |ty: Type| match ty {
      Type::Unknown => Type::Unknown,
      ty => Type::named(&format!("{}.{}", contract.shown, side.value), ty),
    };
    match Side::named(&side.value) {
      Some(Side::Input) => named(contract.input),
      Some(Side::Output) => named(contract.output),
      None => {
        let finding = Diagnostic::new(
          &codes::UNKNOWN_FIELD,
          format!("a contract has no side `{}`", side.value),
        )
        .label(side.span, "not a side")
        .help("its sides are `input` and `output`");
        self.say(finding);
        Type::Unknown
      }
    }
  }
}
