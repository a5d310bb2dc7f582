# From the manifest of <%= it.name %> <%= it.version %>. Do not edit.
# Maintainer: <%= it.maintainer %>
pkgname=<%= it.debName %>-src
pkgver=<%= it.alpineVersion %>
pkgrel=0
pkgdesc=<%= it.quote(it.summary) %>
url=<%= it.quote(it.homepage ?? '') %>
arch="<%= it.programs.length > 0 ? 'all' : 'noarch' %>"
license=<%= it.quote(it.license) %>
depends=<%= it.quote(["akms", ...(it.needs.apk ?? []), ...it.relations("apk").depends].join(" ")) %>
<% if (it.programs.length > 0 && it.needs.apk) { -%>
makedepends=<%= it.quote(it.needs.apk.join(' ')) %>
<% } -%>
<% if (it.tools) { -%>
subpackages="<%= it.debName %>-tools:tools"
<% } -%>
# What is built is built by akms's trigger, on the machine that has the kernels.
options="!check"
source=<%= it.quote(`${it.tarball} AKMBUILD`) %>
builddir="$srcdir/"<%= it.quote(`${it.name}-${it.version}`) %>

<% if (it.programs.length > 0) { -%>
build() {
	cp -R src built
	built/<%= it.programScript %>
}

<% } -%>
package() {
	mkdir -p "$pkgdir"/usr/src
	cp -R src "$pkgdir"/usr/src/<%= it.name %>-$pkgver
	install -D -m 644 "$srcdir"/AKMBUILD "$pkgdir"/usr/src/<%= it.name %>-$pkgver/AKMBUILD
<% it.files.filter(({ path }) => !path.startsWith('/etc/dkms/')).forEach(({ path, mode }) => { -%>
	install -D -m <%= mode %> files<%= path %> "$pkgdir"<%= path %>
<% }) -%>
<% it.programs.forEach(({ path, from }) => { -%>
	install -D -m 755 built/<%= from %> "$pkgdir"<%= path %>
<% }) -%>
<% it.documents.forEach((name) => { -%>
	install -D -m 644 doc/<%= name %> "$pkgdir"/usr/share/doc/<%= it.name %>/<%= name %>
<% }) -%>
<% it.manuals.forEach((manual) => { -%>
	install -D -m 644 man/<%= manual %> "$pkgdir"/usr/share/man/man<%= manual.split('.').at(-1) %>/<%= manual %>
<% }) -%>
}
<% if (it.tools) { -%>

tools() {
	pkgdesc="Command that looks after kernel modules built by akms"
	license=<%= it.quote(it.tools.license) %>
	depends="nodejs>=<%= it.tools.node %>"
	mkdir -p "$subpkgdir"
	cp -a "$builddir"/tools/. "$subpkgdir"
}
<% } -%>

sha512sums=<%= it.quote(it.sha512) %>
