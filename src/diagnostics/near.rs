//! The name that was probably meant by one that stands for nothing.

/// Candidates that are compared, for a program may have a great many names and mistakes.
const COMPARED: usize = 10_000;

/// The candidate nearest to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near<'a> {
  pub name: &'a str,
  /// No other candidate is near: it can be nothing else.
  pub only: bool,
}

/// The candidate nearest to `name` by edit distance, if near enough to be a slip of the hand.
pub fn near<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<Near<'a>> {
  let length = name.chars().count();
  let reach = (length / 3).clamp(1, 3).min(length.saturating_sub(1));
  let (wanted, own) = (name.to_lowercase(), letters(name));
  // a letter that only one of two words has costs an edit, so most pairs need no closer look
  let apart = |other: u64| (own & !other).count_ones().max((other & !own).count_ones()) as usize;
  let mut found: Option<(Near<'a>, usize)> = None;
  let close = candidates
    .into_iter()
    .filter(|candidate| candidate.len().abs_diff(name.len()) <= 4 * reach && apart(letters(candidate)) <= reach)
    .take(COMPARED)
    .map(|candidate| (strsim::osa_distance(&wanted, &candidate.to_lowercase()), candidate))
    .filter(|(distance, candidate)| *distance <= reach && *candidate != name);
  for (distance, candidate) in close {
    found = Some(match found {
      None => (
        Near {
          name: candidate,
          only: true,
        },
        distance,
      ),
      Some((best, _)) if best.name == candidate => continue,
      Some((best, least)) => {
        let nearer = (distance, candidate.len()) < (least, best.name.len());
        let (name, least) = if nearer {
          (candidate, distance)
        } else {
          (best.name, least)
        };
        (Near { name, only: false }, least)
      }
    });
  }
  found.map(|(near, _)| near)
}

/// As [`near`], where only a text for people is wanted.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
  near(name, candidates).map(|near| near.name)
}

/// The set of a word's letters, without regard to case; letters may share a place in it.
fn letters(word: &str) -> u64 {
  word.chars().fold(0, |set, letter| {
    set | 1 << (u32::from(letter.to_ascii_lowercase()) & 63)
  })
}

#[cfg(test)]
mod tests {
  use super::*;

  #[test]
  fn the_nearest_is_a_slip_of_the_hand_away() {
    for (name, candidates, found, only) in [
      ("analyse", &["analyze", "analysis"][..], Some("analyze"), false),
      ("reveiw", &["review", "reviews"], Some("review"), false),
      ("reveiw", &["review", "review"], Some("review"), true),
      ("REVIEW", &["review"], Some("review"), true),
      ("reviews", &["review"], Some("review"), true),
      ("größe", &["grösse", "größen"], Some("größen"), true),
      ("a1", &["b2", "a1"], None, false),
      ("review", &["writer", "reverse"], None, false),
    ] {
      let near = near(name, candidates.iter().copied());
      assert_eq!(near.map(|near| near.name), found, "{name}");
      assert_eq!(near.is_some_and(|near| near.only), only, "{name}");
    }
  }
}
