<% /* A template, and no script itself. */ -%>
#!/usr/bin/make -f
# Only puts in place what was rendered. Not dh_dkms: it would ask for a dkms that
# Debian 12 and Ubuntu 22.04 do not have, and its scripts leave kernels without
# modules.
<% if (it.programs.length > 0) { -%>
export DPKG_EXPORT_BUILDFLAGS = 1
include /usr/share/dpkg/buildflags.mk

<% } -%>
%:
	dh $@

override_dh_auto_install:
	mkdir -p debian/<%= it.debName %>/usr/src
	cp -R src debian/<%= it.debName %>/usr/src/<%= it.name %>-<%= it.version %>
	install -D -m 755 every-kernel debian/<%= it.debName %>/usr/libexec/<%= it.name %>/every-kernel
<% it.files.forEach(({ path, mode }) => { -%>
	install -D -m <%= mode %> files<%= path %> debian/<%= it.debName %><%= path %>
<% }) -%>
<% it.programs.forEach(({ path, from }) => { -%>
	install -D -m 755 built/<%= from %> debian/<%= it.debName %><%= path %>
<% }) -%>
<% if (it.tools) { -%>
	mkdir -p debian/<%= it.debName %>-tools
	cp -a tools/. debian/<%= it.debName %>-tools
<% } -%>

<% if (it.programs.length > 0) { -%>
override_dh_auto_build:
	cp -R src built
	built/<%= it.programScript %>

# The sources are to stay as they are, and only what dpkg lists is made.
override_dh_strip:
	dh_strip --no-automatic-dbgsym -X/usr/src/

# There is nothing here to test or to clean with.
override_dh_auto_test override_dh_auto_clean:
<% } else { -%>
# There is nothing here to build, to test or to clean with.
override_dh_auto_build override_dh_auto_test override_dh_auto_clean:
<% } -%>
