// Where the grammar looks ahead further than one token: whether `{` opens a block or a record, whether a line begins a
// gate, and which words are keywords by what follows them. Holds no state: what it says depends on the text ahead only.

#include "tree_sitter/parser.h"

#include <string.h>

enum Token { GATE_START, BLOCK_OPEN, ELSE, RUN, LAST, RETRY_ON, UNKNOWN_SETTING, UNKNOWN_POLICY, NO_GATE, FAILED };

// Longer words are names: no keyword has as many letters.
#define LONGEST 16
// As deep as the checker reads.
#define DEEPEST 200

static bool is_blank(int32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool is_digit(int32_t c) { return c >= '0' && c <= '9'; }
static bool is_word_start(int32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static bool is_word(int32_t c) { return is_word_start(c) || is_digit(c); }

// Passes blanks and comments. A `/` alone ends it, and is then passed: `true`.
static bool pass(TSLexer *lexer) {
  for (;;) {
    if (is_blank(lexer->lookahead)) {
      lexer->advance(lexer, false);
    } else if (lexer->lookahead == '/') {
      lexer->advance(lexer, false);
      if (lexer->lookahead != '/') return true;
      while (!lexer->eof(lexer) && lexer->lookahead != '\n') lexer->advance(lexer, false);
    } else {
      return false;
    }
  }
}

// Reads the word ahead; empty if there is none.
static void read_word(TSLexer *lexer, char word[LONGEST + 1]) {
  int length = 0;
  if (is_word_start(lexer->lookahead)) {
    while (is_word(lexer->lookahead)) {
      if (length < LONGEST) word[length] = (char)lexer->lookahead;
      length++;
      lexer->advance(lexer, false);
    }
  }
  word[length <= LONGEST ? length : 0] = 0;
  if (length > LONGEST) strcpy(word, "_");
}

static bool is_one_of(const char *word, const char *const *words) {
  for (; *words; words++)
    if (strcmp(word, *words) == 0) return true;
  return false;
}

static const char *const RESERVED[] = {
  "and", "after", "attempt", "catch", "dispatch", "each", "else", "error", "fail", "false", "finally", "for", "if", "in",
  "it", "match", "not", "null", "previous", "repeat", "require", "return", "run", "stage", "then", "true", "undo", "until",
  "with", "yield", NULL,
};

// Words that go on with a step: no gate begins with one.
static const char *const CONTINUE[] = {
  "with", "after", "catch", "undo", "finally", "then", "until", "in", "for", "and", "or", "else", "as", "when", "by",
  "backoff", "fixed", "unless", "cancel", NULL,
};

// Words that begin a step of another kind.
static const char *const STEPS[] = {"require", "return", "yield", "stage", "on", NULL};
static const char *const BODIES[] = {"budget", "permit", NULL};
static const char *const LINES[] = {"mock", "expect", "wait", "at", "seed", "profile", "set", NULL};

// What a block begins with, if it could be a record.
static const char *const BLOCK_WORDS[] = {
  "require", "return", "yield", "stage", "each", "repeat", "if", "match", "attempt", "fail", "dispatch", NULL,
};

// After `{`, which is marked as the token: whether a step follows, as `block_start` of `grammar/orch.pest` says.
static bool begins_step(TSLexer *lexer) {
  char word[LONGEST + 1], second[LONGEST + 1];
  pass(lexer);
  if (lexer->lookahead == '{') return true;
  read_word(lexer, word);
  if (!word[0]) return false;
  pass(lexer);
  int32_t next = lexer->lookahead;
  if (next == ':' || next == ',' || next == '}') return false;
  if (is_one_of(word, BLOCK_WORDS)) return true;
  if (strcmp(word, "on") == 0 && next == 'f') {
    read_word(lexer, second);
    pass(lexer);
    return strcmp(second, "failure") == 0 && lexer->lookahead == '{';
  }
  if (next == '{') return strcmp(word, "budget") == 0 || strcmp(word, "permit") == 0;
  if (is_one_of(word, RESERVED)) return false;
  if (next == '(' || next == '.') return true;
  lexer->advance(lexer, false);
  return (next == '=' && lexer->lookahead != '=') || (next == '?' && lexer->lookahead == '.');
}

// After the first word of a line: whether a gate, or a run of a test, begins with it, and no other kind of step.
static bool begins_gate(TSLexer *lexer, const char *word) {
  int32_t behind = lexer->lookahead;
  bool named = behind == '(' || behind == '.';
  pass(lexer);
  int32_t next = lexer->lookahead;
  if (next == '=') {
    lexer->advance(lexer, false);
    return lexer->lookahead == '=';
  }
  if (is_one_of(word, BODIES)) return next != '{';
  if (strcmp(word, "overlap") == 0) return !is_word_start(next);
  if (named || !is_one_of(word, LINES)) return true;
  return !(is_word(next) || next == '"' || next == '(' || next == '[' || next == '{' || next == '-');
}

// A word that is a keyword by what follows it. The word is read and marked as the token.
static bool word_token(TSLexer *lexer, const bool *valid, const char *word) {
  if (valid[ELSE] && strcmp(word, "else") == 0) {
    lexer->result_symbol = ELSE;
    pass(lexer);
    if (lexer->lookahead != '=') return true;
    lexer->advance(lexer, false);
    return lexer->lookahead != '>';
  }
  if (valid[RUN] && strcmp(word, "run") == 0) {
    char next[LONGEST + 1];
    lexer->result_symbol = RUN;
    if (pass(lexer)) return false;
    read_word(lexer, next);
    return next[0] && !is_one_of(next, RESERVED);
  }
  if (valid[LAST] && strcmp(word, "last") == 0) {
    lexer->result_symbol = LAST;
    return lexer->lookahead != '(' && lexer->lookahead != '.';
  }
  if (valid[RETRY_ON] && strcmp(word, "on") == 0) {
    lexer->result_symbol = RETRY_ON;
    pass(lexer);
    return lexer->lookahead == '[';
  }
  return false;
}

// Passes a string, also one of several lines, with the strings in its `${}`; or all up to the partner of a bracket.
static bool pass_balanced(TSLexer *lexer, int depth);

static bool pass_string(TSLexer *lexer, int depth) {
  int quotes = 0;
  while (quotes < 3 && lexer->lookahead == '"') lexer->advance(lexer, false), quotes++;
  if (quotes == 2) return true;
  bool block = quotes == 3;
  for (int run = 0; !lexer->eof(lexer);) {
    int32_t c = lexer->lookahead;
    if (c == '\n' && !block) return false;
    lexer->advance(lexer, false);
    run = c == '"' ? run + 1 : 0;
    if (c == '"' && (!block || run == 3)) return true;
    if (c == '\\' && lexer->lookahead != '\n') lexer->advance(lexer, false);
    if (c == '$' && lexer->lookahead == '{' && !pass_balanced(lexer, depth + 1)) return false;
  }
  return false;
}

static bool pass_balanced(TSLexer *lexer, int depth) {
  if (depth > DEEPEST) return false;
  if (lexer->lookahead == '"') return pass_string(lexer, depth);
  lexer->advance(lexer, false);
  while (!lexer->eof(lexer)) {
    switch (lexer->lookahead) {
      case '(': case '[': case '{': case '"':
        if (!pass_balanced(lexer, depth + 1)) return false;
        break;
      case ')': case ']': case '}':
        lexer->advance(lexer, false);
        return true;
      case '/':
        pass(lexer);
        break;
      default:
        lexer->advance(lexer, false);
    }
  }
  return false;
}

// The value of a setting that does not exist: up to the line's end, a comma or the body's. In a `with`, also up to what
// goes on with the step. Never empty, since a blank or the mark that ends it is left for the grammar.
static bool unknown_value(TSLexer *lexer, bool policy) {
  while (is_blank(lexer->lookahead)) lexer->advance(lexer, true);
  lexer->mark_end(lexer);
  while (!lexer->eof(lexer)) {
    char word[LONGEST + 1];
    int32_t c = lexer->lookahead;
    if (c == '\n' || c == ',' || c == '}') return true;
    if (c == ')' || c == ']') return false;
    if (c == '"' || c == '(' || c == '[' || c == '{') {
      if (!pass_balanced(lexer, 0)) return false;
    } else if (is_word_start(c)) {
      read_word(lexer, word);
      if (policy && is_one_of(word, RESERVED)) return true;
    } else if (c == '=' || c == '/') {
      lexer->advance(lexer, false);
      if (policy && c == '=' && lexer->lookahead == '>') return true;
      if (c == '/' && lexer->lookahead == '/') return true;
    } else {
      lexer->advance(lexer, false);
    }
    if (!is_blank(c)) lexer->mark_end(lexer);
  }
  return true;
}

void *tree_sitter_orch_external_scanner_create(void) { return NULL; }
void tree_sitter_orch_external_scanner_destroy(void *payload) { (void)payload; }
unsigned tree_sitter_orch_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload, (void)buffer;
  return 0;
}
void tree_sitter_orch_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload, (void)buffer, (void)length;
}

bool tree_sitter_orch_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  (void)payload;
  // All at once are valid only while tree-sitter mends an error: then nothing of this is certain.
  if (valid[FAILED]) return false;
  if (valid[UNKNOWN_SETTING] || valid[UNKNOWN_POLICY]) {
    lexer->result_symbol = valid[UNKNOWN_SETTING] ? UNKNOWN_SETTING : UNKNOWN_POLICY;
    return unknown_value(lexer, valid[UNKNOWN_POLICY]);
  }
  lexer->mark_end(lexer);
  bool broken = false;
  while (is_blank(lexer->lookahead)) {
    broken |= lexer->lookahead == '\n';
    lexer->advance(lexer, true);
  }
  if (lexer->lookahead == '{' && valid[BLOCK_OPEN]) {
    lexer->advance(lexer, false);
    lexer->mark_end(lexer);
    lexer->result_symbol = BLOCK_OPEN;
    return begins_step(lexer);
  }
  int32_t first = lexer->lookahead;
  if (valid[GATE_START] && !valid[NO_GATE] && (first == '{' || first == '"' || is_digit(first))) {
    lexer->result_symbol = GATE_START;
    return broken;
  }
  if (!is_word_start(first)) return false;
  char word[LONGEST + 1];
  read_word(lexer, word);
  if (valid[GATE_START] && !is_one_of(word, CONTINUE) && !is_one_of(word, STEPS)) {
    lexer->result_symbol = GATE_START;
    return broken && begins_gate(lexer, word);
  }
  lexer->mark_end(lexer);
  return word_token(lexer, valid, word);
}
