# bash completion for kit: source this file, or put it into /etc/bash_completion.d.
# Names of objects come from anywhere: they are quoted, and never given to bash to evaluate.
_kit() {
  local rest=${COMP_LINE:0:COMP_POINT} word cur quote='' before='' value
  local -a words=()
  local -i i
  # bash breaks words at ':' and '=': what stands without a blank between belongs together.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((i == 0)) || [[ $rest == [[:space:]]* ]]; then
      rest=${rest#"${rest%%[![:space:]]*}"}
      words+=('')
    fi
    if ((i == COMP_CWORD)); then word=$rest; fi
    words[${#words[@]}-1]+=$word
    rest=${rest#"$word"}
  done
  cur=${words[${#words[@]}-1]}
  case $cur in
    \'*) quote="'" cur=${cur:1} ;;
    \"*) quote='"' cur=${cur:1} ;;
    *) cur=${cur//\\/} ;;
  esac
  words[${#words[@]}-1]=$cur
  # readline replaces only what stands after the last of these, unless they are quoted.
  if [[ -z $quote && $cur == *[:=]* ]]; then
    printf -v before %q "${cur%"${cur##*[:=]}"}"
  fi
  COMPREPLY=()
  while IFS= read -r value; do
    value=${value%%$'\t'*}
    case $quote in
      \') [[ $value == *\'* ]] && continue ;;
      \") [[ $value == *[\"\\\$\!$'\x60']* ]] && continue ;;
      *) printf -v value %q "$value" ;;
    esac
    COMPREPLY+=("${value#"$before"}")
    if [[ $value == *[/:=] ]]; then compopt -o nospace 2>/dev/null; fi
  done < <(command kit complete -- "${words[@]:1}" 2>/dev/null)
}
complete -o default -F _kit kit
