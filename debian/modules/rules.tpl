#!/usr/bin/make -f
# Only puts in place what was built.
%:
	dh $@

override_dh_auto_install:
	install -D -m 644 -t debian/<%= it.binary.name %>/usr/lib/modules/<%= it.binary.release %>/updates *.ko
<% if (it.udev) { -%>
	install -D -m 644 udev.rules debian/<%= it.binary.name %>/usr/lib/udev/rules.d/60-<%= it.binary.name %>.rules
<% } -%>

# A signature would not survive it.
override_dh_strip override_dh_auto_build override_dh_auto_test override_dh_auto_clean:
