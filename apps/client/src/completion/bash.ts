import type { ArgumentFacts, CompletionFacts, OptionFacts } from './facts.js';
import { fixedWords } from './fixed-words.js';

/** Asks the program for names. */
const namesFunction = `_e2eeftp_names() {
    local kind=$1 i
    shift
    local prefix=\${1%"\${1##*[:=]}"}
    mapfile -t COMPREPLY < <(e2eeftp remote-names --kind="$kind" -- "$@" 2>/dev/null)
    if [[ $kind == either && $1 != *:* ]]; then
        local -a files=()
        mapfile -t files < <(compgen -f -- "$1")
        COMPREPLY+=("\${files[@]}")
    fi
    ((\${#COMPREPLY[@]} > 0)) || return 0
    # Readline has the part before the last ":" or "=" as a word of its own.
    COMPREPLY=("\${COMPREPLY[@]#"$prefix"}")
    if ((\${#COMPREPLY[@]} == 1)) && [[ \${COMPREPLY[0]} == *[/:] ]]; then compopt -o nospace; fi
    # The colon of a prefix must stay what it is, and no folder here says anything about a vault.
    if ((\${#COMPREPLY[@]} == 1)) && [[ \${COMPREPLY[0]} == *: ]]; then return; fi
    if [[ $kind == vault-argument ]]; then
        for i in "\${!COMPREPLY[@]}"; do printf -v "COMPREPLY[i]" %q "\${COMPREPLY[i]}"; done
    else
        compopt -o filenames
    fi
}
`;

/**
 * @param facts - the program
 * @returns a script that completes it in bash
 */
export function bashScript({ commands, options }: CompletionFacts): string {
  const all = [...options, ...commands.flatMap((command) => command.options)];
  const withValue = all.filter(({ takesValue }) => takesValue).map(({ name }) => `--${name}`);
  const named = (place: 'local' | 'remote'): string =>
    alternatives(all.filter(({ names }) => names === place).map(({ name }) => `--${name}`));
  const ownOptions = commands
    .filter((command) => command.options.length > 0)
    .map(({ name, options: own }) => `        ${name}) options+=' ${words(own)}' ;;`);
  const kinds = commands.flatMap(({ name, args }) =>
    args.flatMap((argument) => kindLine(name, argument)),
  );
  return `# Completes e2eeftp in bash, 4.4 or newer. To have it in every shell, add to ~/.bashrc:
#   source <(e2eeftp completion bash)

${namesFunction}
_e2eeftp() {
    local word cur command= awaited= glue= kind= i index=0
    local -a words=()
    COMPREPLY=()
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=\${COMP_WORDS[i]}
        if ((\${#words[@]} > 0)) && [[ -n $glue || $word == [:=]* ]]; then
            words[\${#words[@]}-1]+=$word
        else
            words+=("$word")
        fi
        glue=
        [[ $word == [:=]* ]] && glue=yes
    done
    cur=\${words[\${#words[@]}-1]}
    unset "words[\${#words[@]}-1]"
    for word in "\${words[@]}"; do
        if [[ -n $awaited ]]; then
            awaited=
            continue
        fi
        case $word in
            ${alternatives(withValue)}) awaited=$word ;;
            -*) ;;
            *) if [[ -z $command ]]; then command=$word; else ((index++)); fi ;;
        esac
    done
    if [[ -n $awaited ]]; then
        case $awaited in
            ${named('local')}) kind=local ;;
            ${named('remote')}) kind=remote ;;
        esac
    elif [[ $cur == -* ]]; then
        local options='${words(options)}'
        case $command in
${ownOptions.join('\n')}
        esac
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    elif [[ -z $command ]]; then
        mapfile -t COMPREPLY < <(compgen -W '${commands.map(({ name }) => name).join(' ')}' -- "$cur")
    else
        case $command:$index in
${kinds.join('\n')}
        esac
    fi
    case $kind in
        local) compopt -o default ;;
        either | remote | vault-argument) _e2eeftp_names "$kind" "$cur" "\${words[@]}" ;;
${fixedLines().join('\n')}
    esac
}

complete -F _e2eeftp e2eeftp
`;
}

function kindLine(command: string, { index, isRepeated, kind }: ArgumentFacts): string[] {
  if (kind === undefined) return [];
  return [`            ${command}:${isRepeated ? '*' : index}) kind=${kind} ;;`];
}

function fixedLines(): string[] {
  return Object.entries(fixedWords).map(([kind, all]) => {
    return `        ${kind}) mapfile -t COMPREPLY < <(compgen -W '${all.join(' ')}' -- "$cur") ;;`;
  });
}

function words(options: readonly OptionFacts[]): string {
  return options.map(({ name }) => `--${name}`).join(' ');
}

/** No pattern would be a mistake in the script, so there is one that nothing matches. */
function alternatives(patterns: readonly string[]): string {
  return [...new Set(patterns), "''"].join(' | ');
}
