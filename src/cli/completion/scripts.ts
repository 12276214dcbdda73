import type { Shell } from './shells.ts'

/** The word behind `torch` by which the scripts ask what to offer: no command for people. */
export const completeCommand = '__complete'

/** How a script is put in its place, by the shell's own customs. */
export const installing: Readonly<Record<Shell, readonly string[]>> = {
  bash: [
    'mkdir -p ~/.local/share/bash-completion/completions',
    'torch completion bash > ~/.local/share/bash-completion/completions/torch',
    'or, without the package bash-completion, in ~/.bashrc: source <(torch completion bash)',
  ],
  zsh: [
    'mkdir -p ~/.zfunc && torch completion zsh > ~/.zfunc/_torch',
    'and in ~/.zshrc, before compinit: fpath=(~/.zfunc $fpath)',
  ],
  fish: ['torch completion fish > ~/.config/fish/completions/torch.fish'],
}

/**
 * They hand on the line as far as the cursor and show what torch says, and know nothing of it by
 * themselves: so they are the same for every version. The first line of the answer names the paths
 * that the shell is to add, which it completes better than we could.
 */
const bash = `\
_torch() {
  local offer
  mapfile -t offer < <(
    command torch ${completeCommand} bash "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null
  )
  case \${offer[0]} in
    files) compopt -o default ;;
    folders) compopt -o dirnames ;;
  esac
  COMPREPLY=("\${offer[@]:1}")
}
complete -F _torch torch
`

const zsh = `\
_torch() {
  local line="\${(j: :)words[1,CURRENT-1]} $QIPREFIX$PREFIX"
  local -a offer=("\${(@f)$(command torch ${completeCommand} zsh "$line" 2>/dev/null)}")
  case $offer[1] in
    files) compset -P 1 '--*='; _files ;;
    folders) compset -P 1 '--*='; _directories ;;
    *) shift offer; _describe torch offer ;;
  esac
}
# Run when it is loaded from $fpath, known from now on when it is sourced.
if [[ $funcstack[1] == _torch ]]; then _torch "$@"; else compdef _torch torch; fi
`

const fish = `\
function __torch_complete
    set -l line (commandline -cp | string collect)
    set -l offer (command torch ${completeCommand} fish "$line" 2>/dev/null)
    set -l word (commandline -ct)
    set -l flag (string match -r -- '^--[^=]+=' "$word")
    set -l rest (string replace -- "$flag" '' "$word")
    switch "$offer[1]"
        case files
            printf '%s\\n' "$flag"(__fish_complete_path "$rest")
        case folders
            printf '%s\\n' "$flag"(__fish_complete_directories "$rest" '')
        case '*'
            printf '%s\\n' $offer[2..-1]
    end
end
complete -c torch -f -a '(__torch_complete)'
`

/** What `torch completion` prints. */
export function scriptFor(shell: Shell): string {
  // zsh looks for this in the first line of what is in its $fpath.
  const first = shell === 'zsh' ? ['#compdef torch'] : []
  const head = [...first, `# Completion of torch for ${shell}. To have it for good:`]
  const lines = installing[shell].map((line) => `#   ${line}`)
  return [...head, ...lines, { bash, zsh, fish }[shell]].join('\n')
}
