//! The table of functions, and the way from a call to what computes it. Knows nothing of their types: the checks
//! have made sure of them; what does not fit nonetheless is a failure.
//!
//! `num` is int or float, `ord` one of int, float, string, time, duration, `scalar` what a text takes. `xs: [T]`;
//! `key` and `cond` are expressions over `it: T`, evaluated once per item, in order. `T?` may be null.
//!
//! | call | gives | notes |
//! |---|---|---|
//! | `len(string)` `len([T])` `len(map or record)` | int | code points, items, fields |
//! | `count(xs, cond)` | int | how many hold |
//! | `any(xs, cond)` `all(xs, cond)` | bool | stops at the first that decides; of `[]`: false, true |
//! | `find(xs, cond)` | T? | the first that holds |
//! | `sum(xs)` `sum(xs, key)` | the type of the items or keys | int, float, duration; of `[]`: 0 of that type |
//! | `min(xs)` `min(xs, key)`, `max` alike | the type of the items or keys, `?` | `ord`; the least *key*, not its item |
//! | `min(a, b, ...)` `max(a, b, ...)` | their common type | two or more `ord` of one kind; `it: None` |
//! | `avg(xs)` `avg(xs, key)` | float? | of `num` |
//! | `sort_by(xs, key)` | [T] | stable; key: `ord`, bool, null (first), or a list of those |
//! | `group_by(xs, key)` | [{ key: K, items: [T] }] | in order of first appearance |
//! | `unique(xs)` `unique(xs, key)` | [T] | keeps the first |
//! | `flatten([[T]])` | [T] | one level |
//! | `take(xs, int)` | [T] | at most so many from the front; below 0: failure |
//! | `chunk(xs, int)` | [[T]] | the last may be shorter; below 1: failure |
//! | `range(int)` `range(int, int)` | [int] | from 0 or the first, up to and without the last; may be `[]` |
//! | `zip([A], [B])` | [{ first: A, second: B }] | as long as the shorter |
//! | `keys(map or record)` | [string] | sorted |
//! | `values(map<T>)`, of a record with one type of field | [T] | in order of the keys |
//! | `merge(map<A>, map<B>)` `merge(record, record)` | map of the join; record of all fields | the second wins |
//! | `join([scalar], string)` | string | |
//! | `split(string, string)` | [string] | by `""`: each code point |
//! | `lines(string)` | [string] | ends at `\n` or `\r\n`; no empty last line |
//! | `trim(string)` `lower(string)` `upper(string)` | string | |
//! | `replace(string, from: string, to: string)` | string | every one; an empty `from`: failure |
//! | `contains(string, string)` `contains([T], T)` | bool | |
//! | `starts_with(string, string)` `ends_with(string, string)` | bool | |
//! | `matches(string, string)` | bool | regular expression, searches unless anchored; one that is none: failure |
//! | `string(scalar)` | string | as in a text; also null, as `null` |
//! | `int(num)` `int(string)` | int, of a string int? | a float is cut towards zero; beyond 64 bits: failure; no int: null |
//! | `float(num)` `float(string)` | float, of a string float? | no finite number: null |
//! | `json(any)` | string | compact |
//! | `parse_json(string)` | json | null where it is no JSON or too large |
//! | `format(time, string)` | string | strftime: `%Y-%m-%d %H:%M`, in UTC; at most 200 bytes |
//! | `format(num, int)` | string | so many decimals, 0 to 20 |
//! | `url_encode(string)` | string | percent-encodes all but `A-Z a-z 0-9 - _ . ~` |
//! | `succeeded([Outcome<T>])` | [T] | |
//! | `failures([Outcome<T>])` | [Failure] | |
//! | `first(xs)` `last(xs)` | T? | |
//! | `round(num)` `ceil(num)` `floor(num)` | int | half away from zero; beyond 64 bits: failure |
//! | `round(num, int)` | float | so many decimals, 0 to 15 |
//! | `abs(num)` `abs(duration)` | the same type | |
//! | `hash(any)` | string | 64 hexadecimal digits; equal values have equal hashes |

use crate::{
  hir::{Builtin, Expr, LocalId},
  types::Type,
  value::{ListBuilder, Value},
};

use super::{
  EvalError,
  fuel::{Fuel, Reason},
  lists, numbers,
  operators::{items, kind},
  order::digest,
  texts::{self, Patterns},
  walk::{Walker, place},
};

impl Walker<'_> {
  pub fn builtin(
    &mut self,
    expr: &Expr,
    function: Builtin,
    arguments: &[Expr],
    it: Option<LocalId>,
  ) -> Result<Value, EvalError> {
    use Builtin as B;
    match (function, arguments) {
      (B::Count | B::Any | B::All | B::Find, [list, condition]) => self.search(function, list, it, condition),
      (B::Sum | B::Avg | B::SortBy | B::GroupBy | B::Unique, [list, key]) => {
        self.keyed(expr, function, list, Some((it, key)))
      }
      (B::Sum | B::Avg | B::Unique | B::Min | B::Max, [list]) => self.keyed(expr, function, list, None),
      (B::Min | B::Max, [list, key]) if it.is_some() => self.keyed(expr, function, list, Some((it, key))),
      _ => {
        let values: Vec<Value> = arguments
          .iter()
          .map(|argument| self.eval(argument))
          .collect::<Result<_, _>>()?;
        let patterns = &self.evaluator.patterns;
        place(expr, plain(function, &values, &expr.ty, &mut self.fuel, patterns))
      }
    }
  }

  fn over(&mut self, it: Option<LocalId>, item: &Value, key: &Expr) -> Result<Value, EvalError> {
    match it {
      Some(it) => self.with(it, item.clone(), key),
      None => self.eval(key),
    }
  }

  /// The functions that ask a condition of each item.
  fn search(
    &mut self,
    function: Builtin,
    list: &Expr,
    it: Option<LocalId>,
    condition: &Expr,
  ) -> Result<Value, EvalError> {
    let value = self.eval(list)?;
    let mut count = 0;
    for item in place(list, items(&value))? {
      let holds = match self.over(it, item, condition)? {
        Value::Bool(holds) => holds,
        other => {
          return place(
            condition,
            Err(Reason(format!("expected a bool, found {}", kind(&other)))),
          );
        }
      };
      match function {
        Builtin::Any if holds => return Ok(Value::Bool(true)),
        Builtin::All if !holds => return Ok(Value::Bool(false)),
        Builtin::Find if holds => return Ok(item.clone()),
        _ => count += i64::from(holds),
      }
    }
    Ok(match function {
      Builtin::Any => Value::Bool(false),
      Builtin::All => Value::Bool(true),
      Builtin::Find => Value::Null,
      _ => Value::Int(count),
    })
  }

  /// The functions that look at a key of each item, or at the item itself.
  fn keyed(
    &mut self,
    expr: &Expr,
    function: Builtin,
    list: &Expr,
    key: Option<(Option<LocalId>, &Expr)>,
  ) -> Result<Value, EvalError> {
    let value = self.eval(list)?;
    let own = place(list, items(&value))?;
    let keys = match key {
      None => value.clone(),
      Some((it, key)) => {
        // As a list, so that all keys together are no larger than a value may be.
        let mut keys = ListBuilder::default();
        for item in own {
          let key = self.over(it, item, key)?;
          place(expr, keys.push(key).map_err(Reason::from))?;
        }
        keys.finish()
      }
    };
    let result = self
      .fuel
      .burn_walk(&keys)
      .and_then(|()| by_keys(function, own, &keys, &expr.ty, &mut self.fuel));
    place(expr, result)
  }
}

fn by_keys(function: Builtin, own: &[Value], keys: &Value, ty: &Type, fuel: &mut Fuel) -> Result<Value, Reason> {
  let list = items(keys)?;
  match function {
    Builtin::Sum => numbers::sum(list, ty),
    Builtin::Avg => numbers::avg(list),
    Builtin::Min | Builtin::Max => numbers::extreme(function, list),
    Builtin::SortBy => lists::sort_by(own, keys, fuel),
    Builtin::GroupBy => lists::group_by(own, list),
    Builtin::Unique => lists::unique(own, list),
    _ => wrong(function, list),
  }
}

/// The functions on plain values.
fn plain(
  function: Builtin,
  values: &[Value],
  ty: &Type,
  fuel: &mut Fuel,
  patterns: &Patterns,
) -> Result<Value, Reason> {
  use Builtin as B;
  use Value::{Int, String, Time};
  match (function, values) {
    (B::Len, [value]) => lists::len(value, fuel),
    (B::Min | B::Max, [_, _, ..]) => numbers::extreme(function, values),
    (B::Flatten, [list]) => lists::flatten(list, fuel),
    (B::Take, [list, Int(count)]) => lists::take(list, *count, fuel),
    (B::Chunk, [list, Int(size)]) => lists::chunk(list, *size, fuel),
    (B::Range, [Int(end)]) => lists::range(0, *end, fuel),
    (B::Range, [Int(start), Int(end)]) => lists::range(*start, *end, fuel),
    (B::Zip, [a, b]) => lists::zip(a, b, fuel),
    (B::Keys, [value]) => lists::keys(value, fuel),
    (B::Values, [value]) => lists::values(value, fuel),
    (B::Merge, [a, b]) => lists::merge(a, b, ty, fuel),
    (B::Succeeded, [list]) => lists::outcomes(list, true, fuel),
    (B::Failures, [list]) => lists::outcomes(list, false, fuel),
    (B::First, [list]) => Ok(items(list)?.first().cloned().unwrap_or(Value::Null)),
    (B::Last, [list]) => Ok(items(list)?.last().cloned().unwrap_or(Value::Null)),
    (B::Contains, [list @ Value::List(_), item]) => lists::contains(list, item, fuel),
    (B::Join, [list, String(separator)]) => texts::join(list, separator, fuel),
    (B::Matches, [String(text), String(pattern)]) => patterns.matches(text, pattern, fuel),
    (B::String, [value]) => texts::string(value),
    (B::Json, [value]) => texts::json(value, fuel),
    (B::Format, [Time(time), String(pattern)]) => texts::format_time(*time, pattern),
    (B::Format, [number, Int(digits)]) => numbers::format(number, *digits),
    (B::Int, [value]) => numbers::int(value),
    (B::Float, [value]) => numbers::float(value),
    (B::Round, [number, Int(digits)]) => numbers::round_to(number, *digits),
    (B::Round | B::Ceil | B::Floor, [number]) => numbers::rounded(function, number),
    (B::Abs, [number]) => numbers::abs(number),
    (B::Hash, [value]) => {
      fuel.burn_walk(value)?;
      Ok(Value::string(digest(value).to_hex().as_str()))
    }
    (_, [String(text), rest @ ..]) => {
      texts::on_text(function, text, rest, fuel).unwrap_or_else(|| wrong(function, values))
    }
    _ => wrong(function, values),
  }
}

/// Arguments that the checks should have refused.
pub(super) fn wrong<T>(function: Builtin, values: &[Value]) -> Result<T, Reason> {
  let kinds: Vec<&str> = values.iter().take(4).map(kind).collect();
  Err(Reason(format!(
    "`{}` does not take ({})",
    function.name(),
    kinds.join(", ")
  )))
}
