import { Tree } from './tree.ts'

export const theirSource = `// SPDX-License-Identifier: MIT
/* Copyright (C) 2019 Ada Lovelace */
MODULE_VERSION("0.8");
`

/** A folder with somebody's module and the plainest manifest, changed; its manifest. */
export function theirManifest(change: object = {}, files: Record<string, string> = {}): string {
  const all: Record<string, string> = {
    Makefile: 'obj-m := their.o\n',
    'their.c': theirSource,
    'manifest.json': JSON.stringify({
      package: { name: 'their', summary: 'Theirs', maintainer: 'A B <a@b>' },
      ...change,
    }),
    ...files,
  }
  // Within another folder: what is above is not theirs.
  const tree = new Tree()
  for (const [path, text] of Object.entries(all)) tree.put(`/inner/${path}`, text)
  return tree.at('/inner/manifest.json')
}
