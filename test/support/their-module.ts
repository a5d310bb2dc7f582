import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from './cache.ts'
import { packedPackage, Root, type RootName } from './roots.ts'

/** A folder with Debian's package of somebody's module, of a suite or, if it has none, of sid: fetched once. */
const fetched = (name: string, suite: string): Promise<string> =>
  cached(`modules/${name}`, `${name} ${suite}`, async (folder) => {
    await using root = await Root.of('package')
    // A mirror may have stood still for a while, and sid's index is good for a week.
    await root.sh(`
      sed -i '1s/ trixie main$/ ${suite} main contrib non-free/;2,$d' /etc/apt/sources.list
      [ ${suite} = sid ] || sed -i '1{p;s/ ${suite} / sid /}' /etc/apt/sources.list
      apt-get update -q -o Acquire::Check-Valid-Until=false
      cd /root
      apt-get download -q -t ${suite} ${name}
      mv *.deb their.deb`)
    copyFileSync(join(root.folder, 'root/their.deb'), join(folder, 'their.deb'))
  })

/** What tells two builds of modules from each other: their own words, and the symbols they have and need. */
const portraits = (folder: string, modules: readonly string[]) => `
  for module in ${modules.join(' ')}; do
    file=$(ls ${folder}/$module.ko*)
    case $file in *.xz) xz -dc $file ;; *) cat $file ;; esac > /tmp/one.ko
    echo "== $module"
    for field in description author license alias version vermagic depends parm softdep firmware; do
      modinfo -F $field /tmp/one.ko | sort | sed "s/^/$field: /"
    done
    nm /tmp/one.ko | sed 's/^[0-9a-f ]*//' | grep -vE '^[a-z] ' | sort
  done
  rm /tmp/one.ko`

/** Somebody's module in a root of its own: its sources in /root/their, with the manifest of their dkms.conf. */
export class TheirModule {
  private constructor(
    readonly root: Root,
    /** The kernel that it is tried with. */
    readonly release: string,
    /** What the modules are installed as. */
    readonly modules: string[],
    /** What import could not take over. */
    readonly notes: string,
  ) {}

  /**
   * In a root with all tools of packages, or another one, with a kernel beside the one that it has. For
   * that one the newest module, which is in sid: what Debian 13 has is older than the kernel.
   */
  static async of(name: string, kernel?: RootName, base: RootName = 'package') {
    const folder = await fetched(name, kernel ? 'sid' : 'trixie')
    const root = await Root.of(base, ...(kernel ? [kernel] : []))
    try {
      return await TheirModule.in(root, folder, kernel?.replace('kernel-', '') ?? '')
    } catch (error) {
      await root.dispose()
      throw error
    }
  }

  private static async in(root: Root, folder: string, series: string): Promise<TheirModule> {
    await root.addPackage(await packedPackage())
    copyFileSync(join(folder, 'their.deb'), join(root.folder, 'root/their.deb'))
    await root.sh(`
      dpkg-deb -x /root/their.deb /root/x
      mv /root/x/usr/src/* /root/their
      rm -r /root/x
      # What Debian's package asks for beside dkms, a build may need.
      needs=$(dpkg-deb -f /root/their.deb Depends | tr , '\\n' | sed 's/[(|].*//; s/:any//' |
        grep -vxE ' *(dkms|make|perl|udev|libc6|libc6-dev) *' || :)
      [ -z "$needs" ] || {
        apt-get update -q
        apt-get install -y -q --no-install-recommends $needs
      }`)
    const { status, stdout, stderr } = await root.cli('import', '/root/their/dkms.conf')
    if (status !== 0) throw new Error(stderr)
    const manifest = JSON.parse(stdout)
    manifest.package.maintainer = 'A Packager <packager@example.org>'
    await root.sh(
      `cat > /root/their/manifest.json <<'END'\n${JSON.stringify(manifest, null, 2)}\nEND`,
    )
    const modules: string[] = manifest.modules.map(
      (module: { name: string; as?: string }) => module.as ?? module.name,
    )
    const release = (await root.sh(`ls /lib/modules | grep '^${series}' | tail -n 1`)).trim()
    return new TheirModule(root, release, modules, stderr)
  }

  /** One of our commands, for it and its kernel. */
  cli = (...words: string[]) => this.root.cli(...words, '--manifest', '/root/their/manifest.json')

  /** The same, which must go well; what it prints. */
  async must(...words: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.cli(...words)
    if (status !== 0) throw new Error(`${words.join(' ')}: ${status}\n${stdout}\n${stderr}`)
    return stdout
  }

  /** All of its modules that are installed. */
  installed = () => this.portraits(`/lib/modules/${this.release}/updates/dkms`)

  portraits = (folder: string): Promise<string> => this.root.sh(portraits(folder, this.modules))

  /** By dkms alone, with the dkms.conf that it came with; what comes of it. Undefined where that fails. */
  async byBareDkms(): Promise<string | undefined> {
    const { status, stderr } = await this.root.run([
      ...['sh', '-ec'],
      `dpkg-deb -x /root/their.deb /tmp/bare
      dkms install /tmp/bare/usr/src/* -k ${this.release}`,
    ])
    if (status !== 0) console.log(stderr)
    const made = status === 0 ? await this.installed() : undefined
    await this.root.sh(`
      entry=$(dkms status | sed 's/[,:].*//;q')
      dkms remove $entry --all
      rm -r /usr/src/\${entry%/*}-\${entry#*/}
      rm -r /tmp/bare`)
    return made
  }

  [Symbol.asyncDispose] = () => this.root.dispose()
}
