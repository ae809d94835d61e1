# ask.sh PROVIDER MODEL WHAT: stands for the client of a provider. It gets what is known on standard input, and answers
# with a finding that says who was asked.
set -eu
cat > /dev/null
printf '{"provider":"%s","model":"%s","text":"%s"}' "$1" "$2" "$3"
