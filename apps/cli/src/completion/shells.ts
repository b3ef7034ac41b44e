/** The shells that there is a script for, and the names under which packagers install the scripts. */
export const scriptFiles = {
  bash: 'kit.bash',
  zsh: '_kit',
  fish: 'kit.fish',
  powershell: 'kit.ps1',
} as const
export type Shell = keyof typeof scriptFiles
