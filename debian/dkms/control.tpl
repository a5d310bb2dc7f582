Source: <%= it.debName %>
Section: kernel
Priority: optional
Maintainer: <%= it.maintainer %>
Build-Depends: <%= ['debhelper-compat (= 13)', ...(it.programs.length > 0 ? (it.needs.apt ?? []) : [])].join(', ') %>
Standards-Version: 4.7.0
Rules-Requires-Root: no
<% if (it.homepage) { -%>
Homepage: <%= it.homepage %>
<% } -%>
<% const has = it.relations('apt') -%>

Package: <%= it.debName %>
Architecture: <%= it.programs.length > 0 ? 'any' : 'all' %>
Depends: <%= [`dkms (>= ${it.dkmsMin})`, ...(it.needs.apt ?? []), ...has.depends].join(', ') %>, ${misc:Depends}<%= it.programs.length > 0 ? ', ${shlibs:Depends}' : '' %>
Recommends: <%= ['linux-headers-amd64 | linux-headers-generic | linux-headers-686-pae | linux-headers', ...has.recommends].join(', ') %>
<% if (it.tools) has.suggests = [...has.suggests, `${it.debName}-tools`] -%>
<% for (const kind of ['suggests', 'conflicts', 'replaces', 'provides']) if (has[kind].length > 0) { -%>
<%= kind[0].toUpperCase() + kind.slice(1) %>: <%= has[kind].join(', ') %>
<% } -%>
Description: <%= it.summary %>
<%= it.indented(it.descriptionLines) %>
<% if (it.tools) { -%>

Package: <%= it.debName %>-tools
Architecture: all
Section: admin
Depends: nodejs (>= <%= it.tools.node %>), ${misc:Depends}
Recommends: dkms
Description: command that looks after kernel modules built by DKMS
 <%= it.debName %> shows whether the modules of the package of that name work,
 builds, signs and checks them, and says which command mends what is wrong.
 kmod-pack is the same for any other module: it makes packages from a manifest.
<% } -%>
