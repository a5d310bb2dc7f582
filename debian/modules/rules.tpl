<% /* A template, and no script itself. */ -%>
#!/usr/bin/make -f
# Only puts in place what was built.
%:
	dh $@

override_dh_auto_install:
	install -D -m 644 -t debian/<%= it.binary.name %><%= it.binary.modulesFolder %>/<%= it.binary.release %>/updates *.ko
<% it.files.forEach(({ path, mode }) => { -%>
	install -D -m <%= mode %> files<%= path %> debian/<%= it.binary.name %><%= path %>
<% }) -%>

# A signature would not survive it.
override_dh_strip override_dh_auto_build override_dh_auto_test override_dh_auto_clean:
