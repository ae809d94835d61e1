//! Which words stand close together. Knows nothing of lines and comments.

use crate::syntax::concrete::Kind;

/// What stands between two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
  None,
  One,
  /// A space, or a line break where the group breaks.
  Line,
  Hard,
}

/// Between two parts of a piece.
pub(super) fn between(piece: Kind, before: Kind, next: Kind) -> Space {
  if is_close(piece, before, next) {
    Space::None
  } else {
    Space::One
  }
}

fn is_close(piece: Kind, before: Kind, next: Kind) -> bool {
  let within = matches!(
    piece,
    Kind::field_access
      | Kind::optional_access
      | Kind::index
      | Kind::reference
      | Kind::type_name
      | Kind::type_list
      | Kind::contract_side
      | Kind::contract_ref
      | Kind::version
      | Kind::refinement
      | Kind::range
      | Kind::exit_codes
      | Kind::type_number
      | Kind::lower
      | Kind::upper
      | Kind::exact
      | Kind::pattern
      | Kind::type_group
      | Kind::spread
      | Kind::group_spread
  );
  let onto = matches!(
    next,
    Kind::comma
      | Kind::colon
      | Kind::params
      | Kind::type_params
      | Kind::version
      | Kind::optional_field
      | Kind::dots
      | Kind::question
  );
  // `? ?` closely would be another mark.
  let marks = before == Kind::question && next == Kind::question;
  let worker = piece == Kind::type_worker && before == Kind::kw_worker;
  !marks && (within || onto || worker || before == Kind::dots)
}

/// Whether what stands behind `before` is a value, which may have a line of its own.
pub(super) fn is_value(piece: Kind, before: Kind) -> bool {
  match before {
    Kind::assign => true,
    Kind::colon => matches!(piece, Kind::record_field | Kind::argument),
    Kind::fat_arrow => matches!(
      piece,
      Kind::node_arm | Kind::else_arm | Kind::expression_arm | Kind::expression_else | Kind::mock_rule
    ),
    _ => false,
  }
}

/// Whether a long piece goes on in the next line behind its commas, as many things on a line as fit.
pub(super) fn is_filled(piece: Kind) -> bool {
  matches!(
    piece,
    Kind::with_clause
      | Kind::after_clause
      | Kind::patterns
      | Kind::expect_setting
      | Kind::require_step
      | Kind::test_expect
  )
}
