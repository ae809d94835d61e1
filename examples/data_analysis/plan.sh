# plan.sh MANNER: reads { question, cards, mistake } as JSON on standard input and answers with a plan. It stands for a
# model that is given the same in its prompt.
#   clean     makes no mistake
#   slip      mistypes a name, and takes the one that the mistake proposes once it is told
#   stubborn  mistypes it whatever it is told
set -eu
input=$(cat)
proposed=$(printf '%s' "$input" | sed -n 's/.*"mistake":".*did you mean `\([a-z_]*\)`.*/\1/p')
case $1 in
  clean) first=statistician ;;
  slip) first=${proposed:-statistican} ;;
  *) first=statistican ;;
esac
cat <<PLAN
{
  "assignments": [
    { "id": "age", "worker": "$first", "input": { "column": "age" } },
    {
      "id": "claim",
      "worker": "hypothesis_tester",
      "input": { "claim": "older customers are more loyal", "figures": { "\$ref": "age" } }
    },
    {
      "id": "story",
      "worker": "storyteller",
      "input": { "findings": [{ "\$ref": "age" }, { "\$ref": "claim" }] }
    }
  ]
}
PLAN
