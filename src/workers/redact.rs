//! Takes the texts of secrets out of what workers say, whoever says it. Knows nothing of where that goes.

use std::sync::Arc;

use regex::bytes::Regex;

use super::environment;

/// What stands in the place of a secret.
const HIDDEN: &[u8] = b"***";

/// Finds the texts of secrets, as they are and as they stand in JSON.
pub(super) struct Redactor {
  /// `None`: there are no secrets.
  texts: Option<Regex>,
  /// Of a text, in bytes.
  longest: usize,
}

impl Redactor {
  /// For the secrets in these variables of orch's own environment. One that is not there, or that no worker could be
  /// given, can't be told by anybody.
  pub(super) fn of(variables: &[Arc<str>]) -> Self {
    let texts = variables
      .iter()
      .filter_map(|name| environment::secret(name).ok()?.into_string().ok());
    Self::new(texts)
  }

  fn new(texts: impl IntoIterator<Item = String>) -> Self {
    let mut forms: Vec<String> = texts.into_iter().flat_map(forms).collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    let pattern: Vec<String> = forms.iter().map(|form| regex::escape(form)).collect();
    let pattern = Some(pattern.join("|")).filter(|pattern| !pattern.is_empty());
    Self {
      texts: pattern.and_then(|pattern| Regex::new(&format!("(?-u){pattern}")).ok()),
      longest: forms.first().map_or(0, String::len),
    }
  }

  /// A whole text without its secrets.
  pub(super) fn redact(&self, bytes: Vec<u8>) -> Vec<u8> {
    match &self.texts {
      Some(texts) if texts.is_match(&bytes) => texts.replace_all(&bytes, HIDDEN).into_owned(),
      _ => bytes,
    }
  }

  /// For a text that comes in pieces.
  pub(super) fn pieces(self: &Arc<Self>) -> Pieces {
    Pieces {
      redactor: self.clone(),
      held: Vec::new(),
    }
  }
}

/// The text as it is, and as JSON and shells write it where that differs.
fn forms(text: String) -> Vec<String> {
  let trimmed = text.trim_end().to_owned();
  let json = serde_json::to_string(&trimmed).unwrap_or_default();
  let json = json.trim_matches('"').to_owned();
  let mut forms = vec![text, trimmed, json];
  forms.retain(|form| !form.is_empty());
  forms
}

/// A text that comes in pieces: the end of one is held back while it could begin a secret.
pub(super) struct Pieces {
  redactor: Arc<Redactor>,
  held: Vec<u8>,
}

impl Pieces {
  /// What can be shown now.
  pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
    let Some(texts) = &self.redactor.texts else {
      return bytes.to_vec();
    };
    self.held.extend_from_slice(bytes);
    // A secret that begins before this place is there as a whole.
    let safe = self.held.len().saturating_sub(self.redactor.longest - 1);
    let (mut shown, mut at) = (Vec::new(), 0);
    for found in texts.find_iter(&self.held).take_while(|found| found.start() < safe) {
      shown.extend_from_slice(&self.held[at..found.start()]);
      shown.extend_from_slice(HIDDEN);
      at = found.end();
    }
    if at < safe {
      shown.extend_from_slice(&self.held[at..safe]);
      at = safe;
    }
    self.held.drain(..at);
    shown
  }

  /// The rest.
  pub(super) fn finish(self) -> Vec<u8> {
    self.redactor.redact(self.held)
  }
}

#[cfg(test)]
mod tests {
  use super::*;

  fn redactor(secrets: &[&str]) -> Arc<Redactor> {
    Arc::new(Redactor::new(secrets.iter().map(|secret| (*secret).to_owned())))
  }

  #[test]
  fn secrets_are_hidden_however_the_text_is_cut() {
    let redactor = redactor(&["s3cret", "s3cret-long", "quo\"te\n"]);
    let text = b"a s3cret b s3cret-longer c quo\"te d quo\\\"te e s3cre s3s3cret";
    let hidden = b"a *** b ***er c *** d *** e s3cre s3***";
    assert_eq!(redactor.redact(text.to_vec()), hidden);
    for size in 1..text.len() {
      let mut pieces = redactor.pieces();
      let mut shown: Vec<u8> = text.chunks(size).flat_map(|piece| pieces.push(piece)).collect();
      shown.extend(pieces.finish());
      assert_eq!(shown, hidden, "in pieces of {size}");
    }
  }

  #[test]
  fn without_secrets_nothing_is_held_back() {
    let mut pieces = redactor(&[]).pieces();
    assert_eq!(pieces.push(b"abc"), b"abc");
    assert_eq!(pieces.finish(), b"");
  }

  #[test]
  fn bytes_that_are_no_text_stay() {
    assert_eq!(
      redactor(&["\u{e9}abc"]).redact(b"\xff \xc3\xa9abc \xfe".to_vec()),
      b"\xff *** \xfe"
    );
  }
}
