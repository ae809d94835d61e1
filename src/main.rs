fn main() {
  if std::env::args_os()
    .nth(1)
    .is_some_and(|word| word == orch::workers::GUARD_COMMAND)
  {
    orch::workers::guard(std::io::stdin().lock());
  }
}
