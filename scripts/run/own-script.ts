import { readFileSync } from 'node:fs'
import { quote } from './exec.ts'

const mark = '# Put here by "install", and taken away by "uninstall".'

/** A script that runs a program of ours by the node that runs this one. */
export const ownScript = (entry: string): string =>
  ['#!/bin/sh', mark, `exec ${quote(process.execPath)} ${quote(entry)} "$@"`, ''].join('\n')

/** Whether a file is such a script, and so ours to replace and to remove. */
export function isOwnScript(file: string): boolean {
  try {
    return readFileSync(file, 'utf8').split('\n', 2)[1] === mark
  } catch {
    return false
  }
}
