import type { Command } from 'commander'
import type { RunVerb } from './declare.ts'

/** Verbs over stores, plugins and the configuration. Only words and options: the bodies are loaded when they are used. */
export function declareSetupVerbs(_program: Command, _run: RunVerb): void {
  // kit store, kit plugin, kit config, kit matrix, kit doctor, kit serve, kit token, kit completion
}
