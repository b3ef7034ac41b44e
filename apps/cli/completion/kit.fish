# fish completion for kit: put this file into ~/.config/fish/completions.
function __kit_complete
    set -l words (commandline -opc)
    set -e words[1]
    command kit complete -- $words (commandline -ct | string unescape) 2>/dev/null
end
complete -c kit -e
complete -c kit -f -a '(__kit_complete)'
