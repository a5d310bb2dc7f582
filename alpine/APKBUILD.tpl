# Rendered by vmmci-dkms <%= it.version %> from alpine/APKBUILD.tpl and the manifest. Do not edit.
# Maintainer: <%= it.maintainer %>
pkgname=<%= it.name %>-src
pkgver=<%= it.alpineVersion %>
pkgrel=0
pkgdesc=<%= it.quote(it.summary) %>
url=<%= it.quote(it.homepage ?? '') %>
arch="noarch"
license=<%= it.quote(it.license) %>
depends="akms"
# What is built is built by akms's trigger, on the machine that has the kernels.
options="!check"
source=<%= it.quote(`${it.tarball} AKMBUILD`) %>
builddir="$srcdir/"<%= it.quote(`${it.name}-${it.version}`) %>

package() {
	mkdir -p "$pkgdir"/usr/src
	cp -R src "$pkgdir"/usr/src/<%= it.name %>-$pkgver
	install -D -m 644 "$srcdir"/AKMBUILD "$pkgdir"/usr/src/<%= it.name %>-$pkgver/AKMBUILD
<% if (it.udev) { -%>
	install -D -m 644 udev.rules "$pkgdir"/usr/lib/udev/rules.d/60-<%= it.name %>.rules
<% } -%>
<% if (it.chrony) { -%>
	install -D -m 644 chrony.conf "$pkgdir"/usr/share/doc/<%= it.name %>/chrony.conf
<% } -%>
<% it.manuals.forEach((manual) => { -%>
	install -D -m 644 man/<%= manual %> "$pkgdir"/usr/share/man/man<%= manual.split('.').at(-1) %>/<%= manual %>
<% }) -%>
}

sha512sums=<%= it.quote(it.sha512) %>
