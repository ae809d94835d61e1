# plan.sh TOPIC NAME...: a plan that assigns everybody whose card is there.
set -eu
topic=$1
shift
separator=
printf '{"assignments":['
for name in "$@"; do
  case $name in
    seo_specialist) input="{\"topic\":\"$topic\"}" ;;
    copywriter) input="{\"topic\":\"$topic\",\"keywords\":{\"\$ref\":\"seo_specialist.keywords\"}}" ;;
    social_media) input="{\"topic\":\"$topic\"}" ;;
    editor) input='{"text":{"$ref":"copywriter.text"}}' ;;
    *) continue ;;
  esac
  printf '%s{"id":"%s","worker":"%s","input":%s}' "$separator" "$name" "$name" "$input"
  separator=,
done
printf ']}'
