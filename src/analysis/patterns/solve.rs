//! What the type parameters of a pattern stand for in one call: values and what workers give say what a type must hold
//! at least, what workers take says what it may hold at most.

use std::sync::Arc;

use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{ElementPart, Expr, ExprKind, FieldPart},
  source::Span,
  syntax::ast::Name,
  types::{self, Field, RecordType, Type, fits, match_variables},
};

/// Who says what a type parameter is.
#[derive(Clone, Debug)]
pub struct Source {
  pub ty: Type,
  pub span: Span,
  /// `the argument \`items\``
  pub what: String,
}

#[derive(Debug)]
struct Param {
  name: Arc<str>,
  declared: Span,
  least: Option<Source>,
  most: Option<Source>,
  /// Something without items said that it may be nothing at all.
  empty: bool,
  failed: bool,
}

/// The type parameters of one call.
#[derive(Debug)]
pub struct Solver {
  params: Vec<Param>,
  pub said: Vec<Diagnostic>,
}

/// What one parameter was found to be, and who says so first.
#[derive(Clone, Debug)]
pub struct Solved {
  pub name: Arc<str>,
  pub ty: Type,
  pub source: Option<Source>,
}

impl Solver {
  pub fn new(params: &[Name]) -> Self {
    let params = params.iter().map(|name| Param {
      name: name.value.as_str().into(),
      declared: name.span,
      least: None,
      most: None,
      empty: false,
      failed: false,
    });
    Self {
      params: params.collect(),
      said: Vec::new(),
    }
  }

  /// Something of type `found` goes where `place` is written.
  pub fn goes_in(&mut self, place: &Type, found: &Type, span: Span, what: &str) {
    match_variables(place, found, &mut |name, ty| {
      let source = source(ty, span, what);
      self.meet(name, source, |param| &mut param.least, |new, old| fits(old, new));
    });
  }

  /// What `place` is written for is taken as `found`.
  pub fn comes_out(&mut self, place: &Type, found: &Type, span: Span, what: &str) {
    match_variables(place, found, &mut |name, ty| {
      let source = source(ty, span, what);
      self.meet(name, source, |param| &mut param.most, fits);
    });
  }

  /// One more source; it takes the place of the old one if it is `beyond` it, and must otherwise be within.
  fn meet(
    &mut self,
    name: &Arc<str>,
    source: Source,
    side: impl Fn(&mut Param) -> &mut Option<Source>,
    beyond: impl Fn(&Type, &Type) -> bool,
  ) {
    let Some(param) = self.params.iter_mut().find(|param| param.name == *name) else {
      return;
    };
    if source.ty == Type::Never {
      param.empty = true;
      return;
    }
    let own = side(param);
    match own {
      Some(old) if beyond(&old.ty, &source.ty) => {}
      Some(old) if old.ty == Type::Null => old.ty = source.ty.optional(),
      Some(old) if !beyond(&source.ty, &old.ty) => {
        let finding = contradiction(name, old, &source).label(param.declared, "this type parameter");
        param.failed = true;
        self.said.push(finding);
      }
      _ => *own = Some(source),
    }
  }

  /// What each is; says those that nothing settles.
  pub fn solve(mut self, call: &Name) -> (Vec<Solved>, Vec<Diagnostic>) {
    let mut solved = Vec::new();
    for param in self.params {
      let source = param.least.or(param.most);
      let ty = match &source {
        _ if param.failed => Type::Unknown,
        Some(source) => source.ty.clone(),
        None if param.empty => Type::Never,
        None => {
          let finding = unsettled(&param.name, param.declared, call);
          self.said.push(finding);
          Type::Unknown
        }
      };
      let name = param.name;
      solved.push(Solved { name, ty, source });
    }
    (solved, self.said)
  }
}

fn source(ty: Type, span: Span, what: &str) -> Source {
  let what = what.to_owned();
  Source { ty, span, what }
}

fn contradiction(name: &str, old: &Source, new: &Source) -> Diagnostic {
  let message = format!(
    "`{name}` can't be both `{}` (by {}) and `{}` (by {})",
    old.ty, old.what, new.ty, new.what
  );
  Diagnostic::new(&codes::UNSETTLED, message)
    .label(new.span, format!("here `{name}` is `{}`", new.ty))
    .label(old.span, format!("here `{name}` is `{}`", old.ty))
    .help("a type parameter stands for one type in one call: give both the same, or the wider of the two")
}

fn unsettled(name: &str, declared: Span, call: &Name) -> Diagnostic {
  Diagnostic::new(
    &codes::UNSETTLED,
    format!("nothing in this call of `{}` says what `{name}` is", call.value),
  )
  .label(call.span, "called here")
  .label(declared, "this type parameter")
  .help("arguments say it: a value of that type, or a worker that gives or takes it")
}

/// The type of an argument, without what is only this one literal's: `[1, 2]` is a list of ints.
pub fn widened(expr: &Expr) -> Type {
  match &expr.kind {
    ExprKind::Literal(_) | ExprKind::Constant(_) if is_single(&expr.ty) => types::widen(&expr.ty),
    ExprKind::List(parts) => widened_list(parts).unwrap_or_else(|| expr.ty.clone()),
    ExprKind::Record(parts) => widened_record(parts, &expr.ty),
    ExprKind::If {
      then,
      otherwise: Some(otherwise),
      ..
    } => types::join(&widened(then), &widened(otherwise)).unwrap_or_else(|| expr.ty.clone()),
    ExprKind::Match { arms, otherwise, .. } => {
      let arms = arms.iter().map(|(_, value)| value).chain(otherwise.as_deref());
      joined(arms.map(widened)).unwrap_or_else(|| expr.ty.clone())
    }
    _ => expr.ty.clone(),
  }
}

fn is_single(ty: &Type) -> bool {
  match ty {
    Type::Literal(_) | Type::Bool(Some(_)) => true,
    Type::Int(range) => range.min.is_some() && range.min == range.max,
    Type::Float(range) => range.min.is_some() && range.max.is_some(),
    _ => false,
  }
}

fn joined(types: impl IntoIterator<Item = Type>) -> Option<Type> {
  let mut types = types.into_iter();
  let first = types.next()?;
  types.try_fold(first, |all, ty| types::join(&all, &ty))
}

fn widened_list(parts: &[ElementPart]) -> Option<Type> {
  let items = parts.iter().map(|part| match part {
    ElementPart::Item(item) => Some(widened(item)),
    ElementPart::Spread(list) => Some(widened(list).as_list()?.item.clone()),
  });
  let items: Vec<Type> = items.collect::<Option<_>>()?;
  joined(items).map(Type::list).or(Some(Type::list(Type::Never)))
}

/// Its fields widened, unless a spread may have replaced them.
fn widened_record(parts: &[FieldPart], ty: &Type) -> Type {
  let spread = parts.iter().any(|part| matches!(part, FieldPart::Spread(_)));
  let Some(record) = ty.as_record().filter(|_| !spread) else {
    return ty.clone();
  };
  let mut fields = record.fields.clone();
  for part in parts {
    if let FieldPart::Field(name, value) = part {
      let field = Field {
        ty: widened(value),
        optional: false,
      };
      fields.insert(name.clone(), field);
    }
  }
  let open = record.open;
  Type::Record(Arc::new(RecordType { fields, open }))
}
