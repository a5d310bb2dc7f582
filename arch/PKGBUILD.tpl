# Rendered by vmmci-dkms <%= it.version %> from arch/PKGBUILD.tpl and the manifest. Do not edit.
# Maintainer: <%= it.maintainer %>

# dkms's own pacman hooks build at an installation, an upgrade and a new kernel.
pkgname=<%= it.name %>
pkgver=<%= it.archVersion %>
pkgrel=1
pkgdesc=<%= it.quote(it.summary) %>
arch=(any)
<% if (it.homepage) { -%>
url=<%= it.quote(it.homepage) %>
<% } -%>
license=(<%= it.quote(it.license) %>)
depends=('dkms>=<%= it.dkmsMin %>')
source=(<%= it.quote(it.tarball) %>)
sha256sums=(<%= it.sha256 %>)

package() {
	cd <%= it.quote(`${it.name}-${it.version}`) %>
	mkdir -p "$pkgdir/usr/src"
	install -D -m 644 half-key.conf "$pkgdir/etc/dkms/framework.conf.d/zz-$pkgname.conf"
	cp -R src "$pkgdir/usr/src/"<%= it.quote(`${it.name}-${it.version}`) %>
<% if (it.udev) { -%>
	install -D -m 644 udev.rules "$pkgdir/usr/lib/udev/rules.d/60-$pkgname.rules"
<% } -%>
<% if (it.chrony) { -%>
	install -D -m 644 chrony.conf "$pkgdir/usr/share/doc/$pkgname/chrony.conf"
<% } -%>
<% it.manuals.forEach((manual) => { -%>
	install -D -m 644 man/<%= manual %> "$pkgdir/usr/share/man/man<%= manual.split('.').at(-1) %>/<%= manual %>"
<% }) -%>
	install -D -m 644 CHANGELOG.md "$pkgdir/usr/share/doc/$pkgname/CHANGELOG.md"
}
