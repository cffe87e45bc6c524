import type { ArgumentFacts, CommandFacts, CompletionFacts, OptionFacts } from './facts.js';
import { fixedWords } from './fixed-words.js';

/**
 * @param facts - the program
 * @returns a script that completes it in zsh
 */
export function zshScript({ commands, options }: CompletionFacts): string {
  const described = commands.map(
    ({ name, summary }) => `        ${quoted(`${escaped(name)}:${summary}`)}`,
  );
  return `#compdef e2eeftp
# Completes e2eeftp in zsh. To have it in every shell, write this to a file _e2eeftp in a folder of
# $fpath, or add to ~/.zshrc, behind compinit:
#   source <(e2eeftp completion zsh)

_e2eeftp_names() {
    local -a names folders files
    names=("\${(@f)$(e2eeftp remote-names --kind=$1 -- "\${(q)\${(Q)PREFIX}}" "\${line_words[@]}" 2>/dev/null)}")
    folders=("\${(@M)names:#*[/:]}")
    files=("\${(@)names:#*[/:]}")
    files=("\${(@)files:#}")
    compadd -S '' -a -- folders
    compadd -a -- files
}

_e2eeftp_remote() { _e2eeftp_names remote }

_e2eeftp_vault_argument() { _e2eeftp_names vault-argument }

_e2eeftp_either() {
    _e2eeftp_names either
    if [[ $PREFIX != *:* ]]; then _files; fi
}

_e2eeftp() {
    local context state state_descr line curcontext=$curcontext
    local -A opt_args
    local -a commands options line_words
    line_words=("\${(@)words[2,CURRENT-1]}")
    commands=(
${described.join('\n')}
    )
    options=(
${options.map((option) => `        ${optionSpec(option)}`).join('\n')}
    )
    _arguments -C -S "\${options[@]}" '1:command:->command' '*::argument:->argument' && return
    case $state in
        command) _describe -t commands command commands ;;
        argument)
            case $words[1] in
${commands.map(commandCase).join('\n')}
            esac
            ;;
    esac
}

# Read by a shell, it has to be bound; as a file of $fpath it is called.
if [[ $funcstack[1] == _e2eeftp ]]; then
    _e2eeftp "$@"
else
    compdef _e2eeftp e2eeftp
fi
`;
}

function commandCase({ name, options, args }: CommandFacts): string {
  const specs = [...options.map(optionSpec), ...args.map(argumentSpec)];
  const lines = ['_arguments -S "${options[@]}"', ...specs];
  return `                ${name}) ${lines.join(' \\\n                    ')} ;;`;
}

function optionSpec({ name, letter, summary, takesValue, names }: OptionFacts): string {
  const value = takesValue ? `:${name}:${names ? actions[names] : ''}` : '';
  const text = `[${escaped(summary).replaceAll(/[[\]]/gu, String.raw`\$&`)}]${value}`;
  const long = `--${name}${takesValue ? '=' : ''}`;
  if (letter === undefined) return quoted(`${long}${text}`);
  const short = `-${letter}${takesValue ? '+' : ''}`;
  return `{${short},${long}}${quoted(text)}`;
}

function argumentSpec({ index, isRepeated, kind }: ArgumentFacts): string {
  const place = isRepeated ? '*' : String(index + 1);
  return quoted(`${place}:${kind ?? 'argument'}:${kind ? actions[kind] : ''}`);
}

const actions = {
  command: '',
  either: '_e2eeftp_either',
  local: '_files',
  person: '',
  remote: '_e2eeftp_remote',
  role: `(${fixedWords.role.join(' ')})`,
  shell: `(${fixedWords.shell.join(' ')})`,
  vault: '',
  'vault-action': `(${fixedWords['vault-action'].join(' ')})`,
  'vault-argument': '_e2eeftp_vault_argument',
} as const;

/** A colon separates the parts of what zsh is told. */
function escaped(text: string): string {
  return text.replaceAll(/[\\:]/gu, String.raw`\$&`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
