<% /* A template, and no script itself. */ -%>
#!/bin/sh
set -e

# Only with the package: at an upgrade the modules stay until the new ones are
# there.
if [ "$1" = remove ]; then
	/usr/libexec/<%= it.name %>/every-kernel remove '<%= it.name %>' || true
fi

#DEBHELPER#
