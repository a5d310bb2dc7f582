# From the manifest of <%= it.name %> <%= it.version %>. Do not edit.
# Maintainer: <%= it.maintainer %>

# dkms's own pacman hooks build at an installation, an upgrade and a new kernel.
<% if (it.tools) { -%>
pkgbase=<%= it.debName %>
pkgname=(<%= it.debName %> <%= it.debName %>-tools)
<% } else { -%>
pkgname=<%= it.debName %>
<% } -%>
pkgver=<%= it.archVersion %>
pkgrel=1
pkgdesc=<%= it.quote(it.summary) %>
arch=(<%= it.architecture.pacman %>)
<% if (it.homepage) { -%>
url=<%= it.quote(it.homepage) %>
<% } -%>
license=(<%= it.quote(it.license) %>)
<% const has = it.relations('pacman') -%>
depends=('dkms>=<%= it.dkmsMin %>'<%= [...(it.needs.pacman ?? []), ...has.depends].map((name) => ` ${it.quote(name)}`).join('') %>)
<% for (const [kind, field] of [['suggests', 'optdepends'], ['conflicts', 'conflicts'], ['replaces', 'replaces'], ['provides', 'provides']]) if (has[kind].length > 0) { -%>
<%= field %>=(<%= has[kind].map(it.quote).join(' ') %>)
<% } -%>
source=(<%= it.quote(it.tarball) %>)
sha256sums=(<%= it.sha256 %>)

<% if (it.programs.length > 0) { -%>
build() {
	cd <%= it.quote(`${it.name}-${it.version}`) %>
	cp -R src built
	built/<%= it.programScript %>
}

<% } -%>
package<%= it.tools ? `_${it.debName}` : '' %>() {
	cd <%= it.quote(`${it.name}-${it.version}`) %>
	mkdir -p "$pkgdir/usr/src"
	cp -R src "$pkgdir/usr/src/"<%= it.quote(`${it.name}-${it.version}`) %>
<% it.files.forEach(({ path, mode }) => { -%>
	install -D -m <%= mode %> files<%= path %> "$pkgdir"<%= path %>
<% }) -%>
<% it.programs.forEach(({ path, from }) => { -%>
	install -D -m 755 built/<%= from %> "$pkgdir"<%= path %>
<% }) -%>
<% it.documents.forEach((name) => { -%>
	install -D -m 644 doc/<%= name %> "$pkgdir/usr/share/doc/$pkgname/<%= name %>"
<% }) -%>
<% it.manuals.forEach((manual) => { -%>
	install -D -m 644 man/<%= manual %> "$pkgdir/usr/share/man/man<%= manual.split('.').at(-1) %>/<%= manual %>"
<% }) -%>
}
<% if (it.tools) { -%>

package_<%= it.debName %>-tools() {
	pkgdesc='Command that looks after kernel modules built by DKMS'
	license=(<%= it.quote(it.tools.license) %>)
	depends=('nodejs>=<%= it.tools.node %>')
	optdepends=('dkms: builds modules for each kernel')
	conflicts=() replaces=() provides=()
	cd <%= it.quote(`${it.name}-${it.version}`) %>
	cp -a tools/. "$pkgdir"
}
<% } -%>
