import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownManifest } from '../../scripts/build/source-tree.ts'
import { findDistribution, headerPackages } from '../../scripts/install/packages.ts'
import { loadManifest } from '../../scripts/manifest/load.ts'

const { distributions } = loadManifest(ownManifest)

/**
 * os-release's ID, and what of ID_LIKE, VERSION_ID and UBUNTU_CODENAME matters; a kernel that somebody
 * has run; its headers, with * for the release; the metapackage, = where both are one, - where the
 * kernel is not the distribution's; and where that can be read. Not every address has both: where it
 * is how the packages are made, the release was found elsewhere.
 */
const seen = `
debian              6.1.0-41-amd64                        linux-headers-*            linux-headers-amd64              https://packages.debian.org/bookworm/linux-headers-amd64
debian              6.1.0-44-cloud-amd64                  linux-headers-*            linux-headers-cloud-amd64        https://packages.debian.org/de/bookworm/amd64/linux-headers-cloud-amd64
debian              6.1.0-21-686-pae                      linux-headers-*            linux-headers-686-pae            https://packages.debian.org/it/bookworm/i386/linux-headers-686-pae
debian              6.12.12+bpo-amd64                     linux-headers-*            linux-headers-amd64              https://packages.debian.org/bookworm-backports/linux-headers-amd64
debian              6.12.38+deb13-arm64                   linux-headers-*            linux-headers-arm64              https://packages.debian.org/linux-headers-6.12.38+deb13-arm64
debian              6.12.38+deb13-arm64-16k               linux-headers-*            linux-headers-arm64-16k          https://packages.debian.org/linux-headers-6.12.38+deb13-arm64
debian              6.16.3+deb13-amd64                    linux-headers-*            linux-headers-amd64              https://packages.debian.org/trixie-backports/linux-headers-6.16.3+deb13-amd64
debian              6.19.8+deb14-rt-amd64                 linux-headers-*            linux-headers-rt-amd64           https://packages.debian.org/uk/sid/amd64/linux-headers-rt-amd64
kali<debian         5.14.0-kali2-amd64                    linux-headers-*            linux-headers-amd64              https://github.com/aircrack-ng/rtl8812au/issues/912
kali<debian         6.16.8+kali-amd64                     linux-headers-*            linux-headers-amd64              https://github.com/cilynx/rtl88x2bu/issues/283
debian              5.15.83-1-pve                         pve-headers-*              pve-headers                      https://github.com/awesometic/realtek-r8152-dkms/issues/7
debian              6.2.16-3-pve                          pve-headers-*              pve-headers                      https://github.com/strongtz/i915-sriov-dkms/issues/86
debian              6.2.16-6-pve                          proxmox-headers-*          proxmox-default-headers          https://github.com/proxmox/pve-kernel/blob/6e44995b70ade6101b876137b35f48a28216559d/debian/changelog
debian              6.8.12-4-pve                          proxmox-headers-*          proxmox-default-headers          https://github.com/miskcoo/ugreen_leds_controller/issues/42
debian              7.0.14-14-pve                         proxmox-headers-*          proxmox-default-headers          https://github.com/proxmox/pve-kernel/blob/6e44995b70ade6101b876137b35f48a28216559d/debian/control.in
debian              6.1.0-rpi4-rpi-v8                     linux-headers-*            linux-headers-rpi-v8             https://github.com/raspberrypi/linux/issues/5643
debian              6.12.62+rpt-rpi-v8                    linux-headers-*            linux-headers-rpi-v8             https://github.com/dexogen/pipbs/issues/17
debian              6.6.13-1-liquorix-amd64               linux-headers-*            linux-headers-liquorix-amd64     https://github.com/damentz/liquorix-package/issues/183
ubuntu:25.10        6.18.2-1-liquorix-amd64               linux-headers-*            linux-headers-liquorix-amd64     https://github.com/damentz/liquorix-package/issues/210
linuxmint<ubuntu    6.15.2-1-liquorix-amd64               linux-headers-*            linux-headers-liquorix-amd64     https://github.com/damentz/liquorix-package/issues/198
ubuntu:24.04        6.8.0-138-generic                     linux-headers-*            linux-headers-generic            https://packages.ubuntu.com/noble/linux-headers-generic
ubuntu:24.04        6.17.0-35-generic                     linux-headers-*            linux-headers-generic-hwe-24.04  https://packages.ubuntu.com/noble/linux-headers-generic-hwe-24.04
linuxmint<ubuntu:22.2:noble 6.14.0-29-generic             linux-headers-*            linux-headers-generic-hwe-24.04  https://github.com/chef/os_release/pull/78
linuxmint<ubuntu:22:noble 6.8.0-38-generic                linux-headers-*            linux-headers-generic            https://github.com/open-eid/linux-installer/pull/126
ubuntu:24.04        6.8.0-142-lowlatency                  linux-headers-*            linux-headers-lowlatency         https://packages.ubuntu.com/noble/linux-headers-lowlatency
ubuntu:24.04        6.8.1-1015-realtime                   linux-headers-*            linux-headers-realtime           https://packages.ubuntu.com/km/noble-updates/amd64/linux-headers-realtime
ubuntu:24.04        6.17.0-1015-azure-fde                 linux-headers-*            linux-headers-azure-fde          https://packages.ubuntu.com/ca/noble/linux-headers-azure-fde
ubuntu:24.04        6.17.0-1028-oem                       linux-headers-*            linux-headers-oem-24.04          https://packages.ubuntu.com/noble/amd64/linux-headers-oem-24.04
ubuntu:22.04        6.8.0-1060-aws                        linux-headers-*            linux-headers-aws                https://packages.ubuntu.com/en/jammy/kernel/linux-headers-aws
ubuntu:22.04        5.15.0-184-lowlatency                 linux-headers-*            linux-headers-lowlatency         https://packages.ubuntu.com/km/jammy/linux-headers-lowlatency
ubuntu:22.04        5.15.0-1073-intel-iot-realtime        linux-headers-*            linux-headers-intel-iot-realtime https://packages.ubuntu.com/de/jammy-updates/linux-headers-intel-iot-realtime
fedora              6.17.4-200.fc42.x86_64                kernel-devel-*             kernel-devel                     https://github.com/ublue-os/aurora/pull/1142
fedora              6.5.6-403.asahi.fc39.aarch64+16k      kernel-16k-devel-6.5.6-403.asahi.fc39.aarch64 kernel-16k-devel                 https://github.com/leifliddy/asahi-fedora-builder/issues/29
amzn<fedora         6.1.131-143.221.amzn2023.aarch64      kernel-devel-*             kernel-devel                     https://github.com/amazonlinux/amazon-linux-2023/issues/945
amzn<fedora         6.12.64-87.122.amzn2023.x86_64        kernel6.12-devel-*         kernel6.12-devel                 https://github.com/AndrewGuenther/fck-nat/issues/126
amzn<fedora         6.12.37-61.105.amzn2023.x86_64        kernel6.12-devel-*         kernel6.12-devel                 https://github.com/amazonlinux/amazon-linux-2023/issues/989
rocky<rhel          5.14.0-427.24.1.el9_4.x86_64          kernel-devel-*             kernel-devel                     https://github.com/yahoo/l3dsr/issues/23
centos<rhel         5.14.0-319.el9.x86_64                 kernel-devel-*             kernel-devel                     https://github.com/pkoutoupis/rapiddisk/issues/169
rhel                5.14.0-284.41.1.el9_2.aarch64+64k     kernel-64k-devel-5.14.0-284.41.1.el9_2.aarch64 kernel-64k-devel                 https://github.com/openshift/driver-toolkit/commit/7a448c2ee026c772e293dd344da587493c859f82
rhel                4.18.0-287.rt7.52.el8.x86_64          kernel-rt-devel-*          kernel-rt-devel                  https://github.com/osbuild/osbuild-composer/pull/1243
almalinux<rhel      6.18.8-1.el10.elrepo.x86_64           -                          -                                https://github.com/otya128/tbs6812_drv/issues/2
ol<fedora           4.18.0-477.10.1.el8_8.x86_64          kernel-devel-*             kernel-devel                     https://github.com/falcosecurity/kernel-crawler/pull/138
ol<fedora           5.15.0-100.96.32.el8uek.x86_64        kernel-uek-devel-*         kernel-uek-devel                 https://github.com/falcosecurity/kernel-crawler/pull/138
ol<fedora           6.12.0-100.28.2.2.el9uek.x86_64       kernel-uek-devel-*         kernel-uek-devel                 https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/oracle-linux.html
ol<fedora           5.15.0-306.177.4.1.el9uek.aarch64.64k kernel-uek64k-devel-5.15.0-306.177.4.1.el9uek.aarch64 kernel-uek64k-devel              https://github.com/oracle/linux-uek/blob/2f61c3ec833ae045fb618352cf8ea2eba8ffa29d/uek-rpm/ol9/kernel-uek.spec
opensuse-leap<suse  4.12.14-lp151.28.48-default           kernel-default-devel       =                                https://github.com/tuxedocomputers/tuxedo-control-center/issues/10
opensuse-tumbleweed 5.15.5-1-default                      kernel-default-devel       =                                https://github.com/atar-axis/xpadneo/issues/330
opensuse-tumbleweed 7.1.5-1-default                       kernel-default-devel       =                                https://github.com/Barre/ZeroFS/pull/574
opensuse-tumbleweed 6.12.49-1-longterm                    kernel-longterm-devel      =                                https://github.com/openSUSE/kernel-source/tree/fa1ed81b899871fd46b55507d52693c4985cbc15/config/x86_64
opensuse-tumbleweed 6.2.1-1-pae                           kernel-pae-devel           =                                https://github.com/openSUSE/kernel-source/tree/6134165633902e2aaefa83358e2103d92a228f2e/config/i386
arch                5.18.13-arch1-1                       linux-headers              =                                https://github.com/lkrg-org/lkrg/issues/216
arch                5.18.12-hardened1-1-hardened          linux-hardened-headers     =                                https://github.com/lkrg-org/lkrg/issues/216
arch                5.12.3-zen1-1-zen                     linux-zen-headers          =                                https://github.com/zen-kernel/zen-kernel/issues/211
arch                4.4.30-1-lts                          linux-lts-headers          =                                https://github.com/daringer/asus-fan/issues/38
arch                6.14.0-rt3-arch1-1-rt                 linux-rt-headers           =                                https://www.archlinux.org/packages/extra/x86_64/linux-rt-headers
arch                5.15.96.61.realtime1-1-rt-lts         linux-rt-lts-headers       =                                https://www.archlinux.org/packages/extra/x86_64/linux-rt-lts-headers
arch                6.17.7-lqx1-1-lqx                     linux-lqx-headers          =                                https://github.com/damentz/liquorix-package/blob/bef4938f675265a7290ac1c9bddd1520b2df2400/scripts/install-liquorix.sh
endeavouros<arch    7.0.8-1-cachyos-bore                  -                          -                                https://github.com/CachyOS/linux-cachyos/blob/bd96a024d179846015f63c027c105a893e252219/linux-cachyos-bore/PKGBUILD
archarm<arch        6.18.7-1-aarch64-ARCH                 linux-aarch64-headers      =                                https://github.com/archlinuxarm/PKGBUILDs/blob/be54ff3e8f1bcb724c77074f2a5b34bafc975b64/core/linux-aarch64/PKGBUILD
manjaro<arch        6.12.25-1-MANJARO                     linux612-headers           =                                https://github.com/DisplayLink/evdi/issues/518
manjaro<arch        6.1.1-1-MANJARO                       linux61-headers            =                                https://github.com/morrownr/8821cu-20210916/issues/65
manjaro<arch        6.12.100-1-rt20-MANJARO               linux612-rt-headers        =                                https://github.com/manjaro/manjaro-settings-manager/issues/135
cachyos<arch        7.1.2-3-cachyos                       linux-cachyos-headers      =                                https://github.com/Nakildias/sc0710/issues/52
cachyos<arch        6.18.37-1-cachyos-lts                 linux-cachyos-lts-headers  =                                https://github.com/Nakildias/sc0710/issues/52
cachyos<arch        7.2.2-1-cachyos-bore-lto              linux-cachyos-bore-lto-headers =                                https://github.com/CachyOS/linux-cachyos/blob/bd96a024d179846015f63c027c105a893e252219/linux-cachyos-bore/PKGBUILD
cachyos<arch        7.1.5-arch1-2                         linux-headers              =                                https://github.com/CachyOS/CachyOS-PKGBUILDS/issues/1656
alpine              4.14.88-0-virt                        linux-virt-dev             =                                https://github.com/betolj/ndpi-netfilter/issues/76
alpine              4.19.52-0-virt                        linux-virt-dev             =                                https://github.com/v4l2loopback/v4l2loopback/issues/227
alpine              6.12.85-0-lts                         linux-lts-dev              =                                https://github.com/alpinelinux/aports/blob/001d67358958b473d40cd11d1c6d1f9c6173f5ea/main/linux-lts/APKBUILD
void                5.8.5_1                               linux5.8-headers           linux-headers                    https://github.com/void-linux/void-packages/issues/24551
void                6.5.12_1                              linux6.5-headers           linux-headers                    https://github.com/DIGImend/digimend-kernel-drivers/issues/673
`

const lines = seen
  .trim()
  .split('\n')
  .map((line) => line.split(/ +/) as [string, string, string, string, string])

for (const [system, release, headers, metapackage, source] of lines)
  test(`${system}: headers of ${release}`, () => {
    const [ids = '', versionId = '', codename = ''] = system.split(':')
    const [id = '', ...idLike] = ids.split('<')
    const os = { id, idLike, versionId, codename, prettyName: id }
    const distribution = findDistribution(distributions, os)
    assert.ok(distribution)
    const found = headerPackages(distribution, os, release)
    const expected = headers.replace('*', release)
    assert.deepEqual(
      [found?.headers ?? '-', found?.metapackage ?? '-'],
      [expected, metapackage === '=' ? expected : metapackage],
    )
    assert.match(source, /^https:\/\//)
  })

for (const { name, flavours } of distributions)
  for (const flavour of flavours)
    test(`${name}: somebody has run ${flavour.pattern}`, () =>
      assert.ok(lines.some(([, release]) => new RegExp(flavour.pattern).test(release))))
