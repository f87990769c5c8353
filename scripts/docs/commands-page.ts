/** Writes the reference of the command line from the commands themselves: arguments, options, defaults, examples. */

import type { Argument, Command, Option } from 'commander';
import { cell } from './schema-rows.js';

export function commandsPage(program: Command): string {
  const commands = program.commands.filter((command) => command.name() !== 'help');
  const groups = [...new Set(commands.map((command) => command.helpGroup() ?? ''))];
  const list = groups.map((group) => {
    const rows = commands
      .filter((command) => (command.helpGroup() ?? '') === group)
      .map((command) => {
        const title = `coarsely ${command.name()}`;
        return `| [\`${title}\`](#${title.replaceAll(' ', '-')}) | ${cell(command.description())} |`;
      });
    const table = ['| command | what it does |', '|---|---|', ...rows].join('\n');
    return group === '' ? table : `**${group.replace(/:$/, '')}**\n\n${table}`;
  });
  return `# Commands

${list.join('\n\n')}

Every command has \`--help\`. \`--verbose\` before or after a command prints the stack of an error.

${commands.map((command) => commandText(command)).join('\n\n')}
`;
}

/** Returns the section of a command, followed by those of its subcommands. */
function commandText(command: Command, parents = 'coarsely'): string {
  const name = `${parents} ${command.name()}`;
  const shown = command.options.filter(({ hidden }) => !hidden);
  return [
    `## ${name}`,
    sentence(command.description()),
    `\`\`\`text\n${name} ${command.usage()}\n\`\`\``,
    table('argument', command.registeredArguments.map(argumentRow)),
    table('option', shown.map(optionRow)),
    ...helpAfter(command),
    ...command.commands.filter((own) => own.name() !== 'help').map((own) => commandText(own, name)),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

function argumentRow(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '…' : ''}`;
  const meaning = withChoices(argument.description, argument.argChoices);
  return `| \`${argument.required ? `<${name}>` : `[${name}]`}\` | ${meaning} | |`;
}

function optionRow(option: Option): string {
  const { defaultValue, defaultValueDescription } = option;
  const shown = option.negate ? undefined : (defaultValueDescription ?? defaultValue);
  const standard = shown === undefined ? '' : `\`${shown}\``;
  return `| \`${option.flags.replaceAll('|', '\\|')}\` | ${withChoices(option.description, option.argChoices)} | ${standard} |`;
}

function withChoices(description: string, choices: readonly string[] | undefined): string {
  const list = choices ? `: ${choices.map((choice) => `\`${choice}\``).join(', ')}` : '';
  return cell(description) + list;
}

function table(first: string, rows: readonly string[]): string {
  return rows.length === 0 ? '' : [`| ${first} | meaning | default |`, '|---|---|---|', ...rows].join('\n');
}

/** Returns what the help says after its options: prose, lists as they are set, and examples as shell lines. */
function helpAfter(command: Command): string[] {
  const parts: string[] = [];
  command.configureOutput({ writeOut: (part) => parts.push(part) }).outputHelp();
  const after = parts.join('').slice(command.helpInformation().length).trim();
  return after
    .split(/\n\s*\n/)
    .filter((paragraph) => paragraph !== '')
    .map((paragraph) => {
      const [first = '', ...lines] = paragraph.split('\n');
      if (/^Examples?:$/.test(first)) {
        return `\`\`\`sh\n${lines.map((line) => line.replace(/^\s*\$ /, '')).join('\n')}\n\`\`\``;
      }
      if (lines.some((line) => line.startsWith('  '))) return `\`\`\`text\n${paragraph}\n\`\`\``;
      return prose(paragraph);
    });
}

/** Returns running text with its options and paths as code. */
function prose(text: string): string {
  return text
    .replaceAll('<', '&lt;')
    .replaceAll('*', '\\*')
    .replaceAll(/(?<![\w-])--[a-z][a-z-]*( N)?/g, '`$&`');
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${trimmed.endsWith('.') ? '' : '.'}`;
}
