#!/usr/bin/env node
// In words that every node understands, and so not touched by biome: a node that
// is too old must be able to read this far. scripts/tools/dist.ts copies it into
// dist/, where start.cjs is.
'use strict'

var parts = process.versions.node.split('.')
var least = require('../package.json').engines.node.replace('>=', '').split('.')

function quote(word) {
  return "'" + word.replace(/'/g, "'\\''") + "'"
}

function isGone() {
  try {
    return !process.cwd()
  } catch (error) {
    return true
  }
}

if (+parts[0] < +least[0] || (+parts[0] === +least[0] && +parts[1] < +least[1])) {
  process.stderr.write(
    'vmmci-dkms: This is Node ' + process.versions.node + '; ' +
      least.join('.') + ' or newer is needed.\n' +
      '  try: npx --yes node@22 ' +
      [__dirname + '/cli.js'].concat(process.argv.slice(2)).map(quote).join(' ') + '\n'
  )
  process.exitCode = 6
} else if (isGone()) {
  process.stderr.write('vmmci-dkms: The folder that this was called in is gone.\n  try: cd\n')
  process.exitCode = 2
} else {
  require('./start.cjs')
}
