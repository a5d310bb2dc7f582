<% /* A template, and no script itself. */ -%>
#!/usr/bin/make -f
# Only puts in place what was rendered. Not dh_dkms: it would ask for a dkms that
# Debian 12 and Ubuntu 22.04 do not have, and its scripts leave kernels without
# modules.
%:
	dh $@

override_dh_auto_install:
	mkdir -p debian/<%= it.debName %>/usr/src
	cp -R src debian/<%= it.debName %>/usr/src/<%= it.name %>-<%= it.version %>
	install -D -m 755 every-kernel debian/<%= it.debName %>/usr/libexec/<%= it.name %>/every-kernel
<% it.files.forEach(({ path, mode }) => { -%>
	install -D -m <%= mode %> files<%= path %> debian/<%= it.debName %><%= path %>
<% }) -%>
<% if (it.tools) { -%>
	mkdir -p debian/<%= it.debName %>-tools
	cp -a tools/. debian/<%= it.debName %>-tools
<% } -%>

# There is nothing here to build, to test or to clean with.
override_dh_auto_build override_dh_auto_test override_dh_auto_clean:
