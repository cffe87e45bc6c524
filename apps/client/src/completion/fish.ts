import type { ParameterKind } from '../command.js';
import type { ArgumentFacts, CommandFacts, CompletionFacts, OptionFacts } from './facts.js';
import { fixedWords } from './fixed-words.js';

/**
 * @param facts - the program
 * @returns a script that completes it in fish
 */
export function fishScript({ commands, options }: CompletionFacts): string {
  const all = [...options, ...commands.flatMap((command) => command.options)];
  const withValue = new Set(
    all.filter(({ takesValue }) => takesValue).map(({ name }) => `--${name}`),
  );
  return `# Completes e2eeftp in fish. To have it in every shell:
#   e2eeftp completion fish > ~/.config/fish/completions/e2eeftp.fish

function __e2eeftp_names
    set -l words (commandline -opc)
    e2eeftp remote-names --kind=$argv[1] -- (commandline -ct) $words[2..-1] 2>/dev/null
end

# Whether argument $argv[2] of command $argv[1] is typed; with a "+", or a later one; or any word.
function __e2eeftp_is_at
    set -l words (commandline -opc)
    set -l command ''
    set -l index -1
    set -l awaited no
    for word in $words[2..-1]
        if test $awaited = yes
            set awaited no
        else if contains -- $word ${[...withValue].join(' ')}
            set awaited yes
        else if not string match -q -- '-*' $word
            test -z "$command"; and set command $word
            set index (math $index + 1)
        end
    end
    test "$command" = "$argv[1]"; or return 1
    test "$argv[2]" = any; and return 0
    test $awaited = no; or return 1
    set -l place (string replace + '' -- $argv[2])
    if test "$place" = "$argv[2]"
        test $index -eq $place
    else
        test $index -ge $place
    end
end

complete -c e2eeftp -f
${options.map((option) => optionLine(option)).join('\n')}
${commands.map(commandLines).join('\n')}
`;
}

function commandLines({ name, summary, options, args }: CommandFacts): string {
  const lines = [
    `complete -c e2eeftp -n '__e2eeftp_is_at "" -1' -a ${name} -d ${quoted(summary)}`,
    ...options.map((option) => optionLine(option, name)),
    ...args.flatMap((argument) => argumentLine(name, argument)),
  ];
  return lines.join('\n');
}

function optionLine(
  { name, letter, summary, takesValue, names }: OptionFacts,
  command?: string,
): string {
  const parts = ['complete -c e2eeftp'];
  if (command !== undefined) parts.push(`-n '__e2eeftp_is_at ${command} any'`);
  parts.push(`-l ${name}`);
  if (letter !== undefined) parts.push(`-s ${letter}`);
  if (takesValue) parts.push(names === 'local' ? '-rF' : '-x');
  if (names === 'remote') parts.push("-a '(__e2eeftp_names remote)'");
  parts.push(`-d ${quoted(summary)}`);
  return parts.join(' ');
}

function argumentLine(command: string, { index, isRepeated, kind }: ArgumentFacts): string[] {
  if (kind === undefined || !isCompleted(kind)) return [];
  const place = isRepeated ? `${index}+` : String(index);
  return [`complete -c e2eeftp -n '__e2eeftp_is_at ${command} ${place}' ${actions[kind]}`];
}

function isCompleted(kind: ParameterKind): kind is keyof typeof actions {
  return Object.hasOwn(actions, kind);
}

const actions = {
  either: "-F -a '(__e2eeftp_names either)'",
  local: '-F',
  remote: "-a '(__e2eeftp_names remote)'",
  shell: `-a '${fixedWords.shell.join(' ')}'`,
  'vault-action': `-a '${fixedWords['vault-action'].join(' ')}'`,
  'vault-argument': "-a '(__e2eeftp_names vault-argument)'",
} as const;

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/gu, String.raw`\$&`)}'`;
}
