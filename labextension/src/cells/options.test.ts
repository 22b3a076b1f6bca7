import { expect, test } from 'vitest';

import kernelCommands from '../../../jupyter_mesh/kernel/commands.py?raw';
import kernelOptions from '../../../jupyter_mesh/kernel/options.py?raw';
import { OPTIONS, SUBCOMMANDS } from './options';

/** The flags of each `Option(("-s", "--system"), …` of the kernel's table. */
function flagsOfKernel(): string[][] {
  return [...kernelOptions.matchAll(/^ {4}Option\(\(([^)]*)\), "\w+", (None)?/gm)].map(match =>
    [...(match[1] ?? '').matchAll(/"([^"]+)"/g)].map(flag => flag[1] ?? '')
  );
}

test('Tab and colours know exactly the options that the kernel takes', () => {
  const known = OPTIONS.filter(option => option.magics.includes('llm'));
  expect(known.map(option => [...option.names])).toEqual(flagsOfKernel());
});

test('what is a switch in the kernel is a switch here', () => {
  for (const match of kernelOptions.matchAll(/^ {4}Option\(\(([^)]*)\), "\w+", (None)?/gm)) {
    const name = /"(--?[\w-]+)"/.exec(match[1] ?? '')?.[1] ?? '';
    const option = OPTIONS.find(candidate => candidate.names.includes(name));
    expect([name, option?.value === 'none']).toEqual([name, match[2] === 'None']);
  }
});

test('Tab knows exactly the subcommands that the kernel has', () => {
  const table = kernelCommands.slice(kernelCommands.indexOf('COMMANDS: dict'));
  const names = [...table.matchAll(/^ {4}"(\w+)": Command\(/gm)].map(match => match[1]);
  expect(SUBCOMMANDS.llm.map(({ name }) => name)).toEqual(names);
});
