# plan.sh: reads { goal, cards, mistake } as JSON on standard input and answers with a plan. It stands for a model that
# is given the same in its prompt.
set -eu
printf '::orch cost=0.05\n' >&2
input=$(cat)
goal=$(printf '%s' "$input" | awk 'match($0, /"goal":"([^"\\]|\\.)*"/) { print substr($0, RSTART + 7, RLENGTH - 7) }')
docs=
case $goal in
  *document*) docs=',{ "id": "docs", "worker": "doc_writer", "input": { "patch": { "$ref": "patch" } } }' ;;
esac
cat <<PLAN
{
  "assignments": [
    { "id": "notes", "worker": "researcher", "input": { "topic": $goal } },
    { "id": "patch", "worker": "coder", "input": { "task": $goal } },
    { "id": "tests", "worker": "tester", "input": { "patch": { "\$ref": "patch" } } },
    {
      "id": "review",
      "worker": "reviewer",
      "input": { "patch": { "\$ref": "patch" }, "tests": { "\$ref": "tests" }, "notes": { "\$ref": "notes.notes" } }
    }
    $docs
  ]
}
PLAN
