//! Two versions of a program compared by what they are to others: whom does a change break?

use std::{
  collections::HashMap,
  fmt::{self, Display, Formatter},
  sync::Arc,
};

use crate::{
  hir::{Callable, Contract, Program},
  types::{Misfit, RecordType, Type, fits_from},
};

/// One name of the root modules that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
  pub kind: Kind,
  /// `Analyze@1`, `triage`
  pub name: String,
  pub changed: Changed,
  /// Whether a new `@version` announces it: then it is no fault that it breaks somebody.
  pub versioned: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
  Contract,
  Worker,
  Orchestrator,
}

impl Kind {
  pub fn name(self) -> &'static str {
    match self {
      Kind::Contract => "contract",
      Kind::Worker => "worker",
      Kind::Orchestrator => "orchestrator",
    }
  }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Changed {
  Added,
  Removed,
  /// Another type, but nobody has to change for it.
  Compatible,
  /// At least one of the two is there.
  Breaking {
    /// Those who send the input: some of what they send is not accepted any longer.
    senders: Option<Break>,
    /// Those who receive the output: they get what they did not get before.
    receivers: Option<Break>,
  },
}

/// The first place at which somebody is broken.
#[derive(Clone, Debug, PartialEq)]
pub struct Break {
  /// In the message: `$.items[].name`
  pub at: String,
  /// `expected ..., found ...`: what the one side takes, what the other may give.
  pub reason: String,
}

/// `$.title: expected ..., found ...`
impl Display for Break {
  fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "{}: {}", self.at, self.reason)
  }
}

impl Change {
  /// Whether somebody is broken who was not told by a new version.
  pub fn is_fault(&self) -> bool {
    !self.versioned && matches!(self.changed, Changed::Removed | Changed::Breaking { .. })
  }
}

/// What a name is to others.
struct Offer<'a> {
  kind: Kind,
  name: &'a str,
  contract: Option<&'a str>,
  input: Type,
  output: &'a Type,
}

/// All that differs between the root modules of two programs: contracts, then workers, then orchestrators, each in the
/// order of the new one, what was removed last.
pub fn compare(old: &Program, new: &Program) -> Vec<Change> {
  let (olds, news) = (offers(old), offers(new));
  let index = |offers: &[Offer<'_>]| -> HashMap<(Kind, String), usize> {
    let keyed = offers
      .iter()
      .enumerate()
      .map(|(at, offer)| ((offer.kind, offer.name.to_owned()), at));
    keyed.collect()
  };
  let (old_index, new_index) = (index(&olds), index(&news));
  let mut changes: Vec<Change> = Vec::new();
  for kind in [Kind::Contract, Kind::Worker, Kind::Orchestrator] {
    for offer in news.iter().filter(|offer| offer.kind == kind) {
      let before = old_index.get(&(kind, offer.name.to_owned())).map(|at| &olds[*at]);
      changes.extend(match before {
        None => Some(change(offer, Changed::Added, false)),
        Some(before) => changed(before, offer),
      });
    }
    for offer in olds.iter().filter(|offer| offer.kind == kind) {
      if !new_index.contains_key(&(kind, offer.name.to_owned())) {
        changes.push(change(offer, Changed::Removed, replaced(offer, &olds, &news)));
      }
    }
  }
  changes
}

fn offers(program: &Program) -> Vec<Offer<'_>> {
  let contracts = program.contracts.iter().filter(|contract| contract.module.0 == 0);
  let workers = program.workers.iter().filter(|worker| worker.module.0 == 0);
  let orchestrators = program
    .orchestrators
    .iter()
    .filter(|orchestrator| orchestrator.module.0 == 0 && !orchestrator.pattern);
  contracts
    .map(contract_offer)
    .chain(workers.map(|worker| offer(Kind::Worker, Callable::from(worker))))
    .chain(orchestrators.map(|orchestrator| offer(Kind::Orchestrator, Callable::from(orchestrator))))
    .collect()
}

fn contract_offer(contract: &Contract) -> Offer<'_> {
  Offer {
    kind: Kind::Contract,
    name: &contract.name,
    contract: Some(&contract.name),
    input: contract.input.clone(),
    output: &contract.output,
  }
}

fn offer<'a>(kind: Kind, callable: Callable<'a>) -> Offer<'a> {
  Offer {
    kind,
    name: callable.name,
    contract: callable.contract,
    input: sent(&callable),
    output: callable.output,
  }
}

/// What may be sent: a parameter with a default may be left out.
fn sent(callable: &Callable<'_>) -> Type {
  let Some(record) = callable.input.as_record() else {
    return callable.input.clone();
  };
  let mut record: RecordType = record.clone();
  for param in callable.params.iter().filter(|param| param.default.is_some()) {
    if let Some(field) = record.fields.get_mut(&param.name) {
      field.optional = true;
    }
  }
  Type::Record(Arc::new(record))
}

fn change(offer: &Offer<'_>, changed: Changed, versioned: bool) -> Change {
  Change {
    kind: offer.kind,
    name: offer.name.to_owned(),
    changed,
    versioned,
  }
}

/// `None`: nothing differs.
fn changed(old: &Offer<'_>, new: &Offer<'_>) -> Option<Change> {
  let senders = fits_from(&old.input, &new.input)
    .err()
    .map(Break::from)
    .or_else(|| moved(old, new));
  let receivers = fits_from(new.output, old.output).err().map(Break::from);
  if senders.is_some() || receivers.is_some() {
    let versioned = old.kind != Kind::Contract && newer(old.contract, new.contract);
    return Some(change(new, Changed::Breaking { senders, receivers }, versioned));
  }
  let same = old.input == new.input && old.output == new.output && old.contract == new.contract;
  (!same).then(|| change(new, Changed::Compatible, false))
}

/// Arguments may be given by position, so a parameter keeps its place.
fn moved(old: &Offer<'_>, new: &Offer<'_>) -> Option<Break> {
  let names = |offer: &Offer<'_>| -> Vec<Arc<str>> {
    let record = offer.input.as_record();
    record
      .map(|record| record.fields.keys().cloned().collect())
      .unwrap_or_default()
  };
  let now = names(new);
  let (place, name) = names(old)
    .into_iter()
    .enumerate()
    .find(|(place, name)| now.get(*place) != Some(name))?;
  let to = now.iter().position(|other| *other == name)?;
  Some(Break {
    at: format!("$.{name}"),
    reason: format!(
      "it was argument {} and is argument {}, for those who give it by position",
      place + 1,
      to + 1
    ),
  })
}

/// Whether the second is another version of the first's contract.
fn newer(old: Option<&str>, new: Option<&str>) -> bool {
  match (old, new) {
    (Some(old), Some(new)) => base(old) == base(new) && version(new) > version(old),
    _ => false,
  }
}

fn base(contract: &str) -> &str {
  contract.split('@').next().unwrap_or_default()
}

fn version(contract: &str) -> Option<u64> {
  contract.split_once('@').and_then(|(_, version)| version.parse().ok())
}

/// Whether a removed version of a contract has made room for one that was not there before.
fn replaced(removed: &Offer<'_>, olds: &[Offer<'_>], news: &[Offer<'_>]) -> bool {
  let contract = |offer: &&Offer<'_>| offer.kind == Kind::Contract;
  let known = |name: &str| olds.iter().filter(contract).any(|offer| offer.name == name);
  removed.kind == Kind::Contract
    && news
      .iter()
      .filter(contract)
      .any(|offer| newer(Some(removed.name), Some(offer.name)) && !known(offer.name))
}

impl From<Misfit> for Break {
  fn from(misfit: Misfit) -> Self {
    Self {
      at: format!("${}", misfit.path),
      reason: misfit.reason,
    }
  }
}
