import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from './cache.ts'
import { packedPackage, Root } from './roots.ts'

/** A folder with the Debian 13 package of somebody's module, fetched once. */
const fetched = (name: string): Promise<string> =>
  cached(`modules/${name}`, name, async (folder) => {
    await using root = await Root.of('package')
    await root.sh(
      `apt-get update -q && cd /root && apt-get download -q ${name} && mv *.deb their.deb`,
    )
    copyFileSync(join(root.folder, 'root/their.deb'), join(folder, 'their.deb'))
  })

/** What tells two builds of a module from each other: its own words, and the symbols it has and needs. */
const portrait = (file: string) => `
  case ${file} in *.xz) xz -dc ${file} > /tmp/one.ko ;; *) cp ${file} /tmp/one.ko ;; esac
  modinfo /tmp/one.ko | grep -vE '^(filename|srcversion|sig|retpoline|name):' | sort
  nm /tmp/one.ko | sed 's/^[0-9a-f ]*//' | grep -vE '^[a-z] ' | sort`

/** Somebody's module in a root of its own: its sources in /root/their, with the manifest of their dkms.conf. */
export class TheirModule {
  private constructor(
    readonly root: Root,
    readonly modules: string[],
    /** What import could not take over. */
    readonly notes: string,
  ) {}

  static async of(name: string, change: (manifest: Record<string, never>) => void = () => {}) {
    const folder = await fetched(name)
    const root = await Root.of('package')
    await root.addPackage(await packedPackage())
    copyFileSync(join(folder, 'their.deb'), join(root.folder, 'root/their.deb'))
    await root.sh(
      'dpkg-deb -x /root/their.deb /root/x && mv /root/x/usr/src/* /root/their && rm -r /root/x',
    )
    const { status, stdout, stderr } = await root.cli('import', '/root/their/dkms.conf')
    if (status !== 0) throw new Error(stderr)
    const manifest = JSON.parse(stdout)
    manifest.package.maintainer = 'A Packager <packager@example.org>'
    change(manifest)
    await root.sh(`cat > /root/their/manifest.json <<'END'\n${JSON.stringify(manifest)}\nEND`)
    const modules = manifest.modules.map((module: { name: string }) => module.name)
    return new TheirModule(root, modules, stderr)
  }

  /** One of our commands, for it. */
  cli = (...words: string[]) => this.root.cli(...words, '--manifest', '/root/their/manifest.json')

  /** The same, which must go well; what it prints. */
  async must(...words: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.cli(...words)
    if (status !== 0) throw new Error(`${words.join(' ')}: ${status}\n${stdout}\n${stderr}`)
    return stdout
  }

  /** All of its modules that are installed. */
  installed = () => this.portraits('/lib/modules/*/updates/dkms')

  async portraits(place: string): Promise<string> {
    const found: string[] = []
    for (const module of this.modules)
      found.push(await this.root.sh(portrait(`$(ls ${place}/${module}.ko*)`)))
    return found.join('\n')
  }

  /** By dkms alone, with the dkms.conf that it came with; what comes of it. */
  async byBareDkms(): Promise<string> {
    await this.root.sh(`
      dpkg-deb -x /root/their.deb /tmp/bare
      dkms install /tmp/bare/usr/src/* -k $(ls /lib/modules)`)
    const made = await this.installed()
    await this.root.sh(`
      entry=$(dkms status | sed 's/[,:].*//;q')
      dkms remove $entry --all
      rm -r /usr/src/\${entry%/*}-\${entry#*/}
      rm -r /tmp/bare /tmp/one.ko`)
    return made
  }

  [Symbol.asyncDispose] = () => this.root.dispose()
}
