// A module of its own, as what is imported at run time comes whole: the other kinds stay away.
export { confirm, input, password } from '@inquirer/prompts';
