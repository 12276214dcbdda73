/** The shells that torch has a completion script for. */
export const shells = ['bash', 'zsh', 'fish'] as const

export type Shell = (typeof shells)[number]

/** The scripts ask for candidates with this word after `torch`. People do not type it. */
export const completeCommand = '__complete'

/** How to install the script of a shell. */
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
 * The scripts pass the line up to the cursor to torch and show its answer. They know nothing about
 * torch themselves, so they never become outdated. The first line of the answer says which paths the
 * shell is to add: it completes paths better than torch could.
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
# If zsh loads this file from $fpath, complete now; if it is sourced, register the function.
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
  // zsh looks for this in the first line of the files in its $fpath.
  const first = shell === 'zsh' ? ['#compdef torch'] : []
  const head = [...first, `# Completion of torch for ${shell}. To install it:`]
  const lines = installing[shell].map((line) => `#   ${line}`)
  return [...head, ...lines, { bash, zsh, fish }[shell]].join('\n')
}
