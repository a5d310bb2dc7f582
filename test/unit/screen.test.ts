import assert from 'node:assert/strict'
import { test } from 'node:test'
import { screen } from '../../scripts/tools/screen.ts'

test('a screen is XML without control characters: colours are fills, and columns stay columns', () => {
  const svg = screen('a & b', ['# type', '\x1b[32mok \x1b[39m a <line>'])
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be in it.
  assert.doesNotMatch(svg, /[\x00-\x08\x0b-\x1f]/)
  assert.match(svg, /<title>a &amp; b<\/title>/)
  assert.match(svg, /<text x="12\.0" y="44" textLength="25\.3" fill="#7d7"[^>]*>ok <\/text>/)
  assert.match(svg, /<text x="37\.3" y="44" [^>]*fill="#ccc"[^>]*> a &lt;line&gt;<\/text>/)
})
