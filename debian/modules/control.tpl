Source: <%= it.binary.name %>
Section: kernel
Priority: optional
Maintainer: <%= it.maintainer %>
Build-Depends: debhelper-compat (= 13)
Standards-Version: 4.7.0
Rules-Requires-Root: no

Package: <%= it.binary.name %>
Architecture: <%= it.binary.debArchitecture %>
Depends: linux-image-<%= it.binary.release %> | linux-image-unsigned-<%= it.binary.release %>, ${misc:Depends}
Conflicts: <%= it.debName %>
Description: <%= it.summary %>, built
<%= it.indented(it.builtLines) %>
 .
 Built for kernel <%= it.binary.release %> and no
 other; needs no compiler.
